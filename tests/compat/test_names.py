"""Where the names of dj-actions 0.0.7 are found, and which names of actions can be kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils.module_loading import import_string
from rest_framework.test import APIClient

from dj_actions.exceptions import ActionAlreadyRegistered, InvalidAction
from dj_actions.mixins import ActionMixin
from tests.compat.accounts.serializers import AccountSerializer
from tests.conftest import Serve

NAMES = [
    "actions.action_registry.ACTIONS",
    "api.ActionEventViewSet",
    "api.router",
    "fields.CommaSeparatedCharField",
    "fields.JSONTextField",
    "forms.mixins.ActionFormMixin",
    "legacy.ActionMixin",
    "mixins.ActionMixin",
    "models.ActionEvent",
    "models.EventAction",
    "tests.testutils.assert_in_registry",
    "tests.testutils.get_bulk_action_url",
    "tests.testutils.get_instance_action_url",
    "util.ACTION_TYPE",
    "util.STATUS",
    "util.enrich_actions",
    "util.get_action_docs",
    "util.get_action_form",
]


pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_found_below_the_new_root(name: str) -> None:
    assert import_string(f"dj_actions.{name}")


def test_the_mixin_for_old_frameworks_is_the_one_mixin() -> None:
    assert import_string("dj_actions.legacy.ActionMixin") is ActionMixin


@pytest.mark.parametrize("name", ["mark done", "mark/done", "", "list", "a" * 101])
def test_an_id_that_cannot_be_a_name_is_refused(serve: Serve, name: str) -> None:
    registry = registry_of(name)

    with pytest.raises(InvalidAction, match=rf"The action '{name}' of 'thing': .*name"):
        serve(action_registry=registry)


@pytest.mark.parametrize(
    "name",
    [
        *("update", "destroy", "schema", "settings", "post", "delete", "name", "action"),
        *("mark-done", "markDone", "1st", "class"),
    ],
)
def test_an_id_may_be_what_the_viewset_or_python_uses_itself(
    client: APIClient, serve: Serve, caller: User, name: str
) -> None:
    serve(
        queryset=User.objects.all(),
        serializer_class=AccountSerializer,
        action_registry=registry_of(name),
    )
    url = f"/things/{caller.pk}/"

    assert client.post(f"{url}actions/{name}/").status_code == 200
    assert client.get(f"{url}actions/{name}/").json()["id"] == name
    assert client.post(url).status_code == 405
    assert client.get("/things/").status_code == 200
    assert client.delete(url).status_code == 204


def test_two_registries_may_not_declare_one_action(serve: Serve) -> None:
    serve(queryset=User.objects.all(), action_registry=registry_of("greet"))
    other = registry_of("greet")
    other["actions"]["greet"]["version"] = 2

    with pytest.raises(
        ActionAlreadyRegistered, match=r"thing\.greet.*another `name` or `resource`"
    ):
        serve(queryset=User.objects.all(), action_registry=other)


def test_a_viewset_may_find_its_objects_by_a_method(
    client: APIClient, serve: Serve, caller: User
) -> None:
    serve(
        queryset=None,
        get_queryset=lambda _: User.objects.all(),
        serializer_class=AccountSerializer,
        action_registry=registry_of("greet"),
    )

    assert client.post(f"/things/{caller.pk}/actions/greet/").status_code == 200


def test_a_viewset_that_hides_its_model_is_refused(serve: Serve) -> None:
    with pytest.raises(InvalidAction, match="action_model"):
        serve(queryset=None, serializer_class=None, action_registry=registry_of("greet"))


def registry_of(name: str) -> dict[str, Any]:
    """Return a registry of one action of that name."""
    form = "tests.compat.accounts.forms.GreetForm"
    entry = {"id": name, "type": "instance", "status": "alpha", "form": form, "serializer": False}
    return {"resource": "thing", "basepath": "/things/", "actions": {name: entry}}
