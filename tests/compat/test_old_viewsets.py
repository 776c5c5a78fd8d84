"""What viewsets written for dj-actions 0.0.7 rely on: the order of the list, and own hooks."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.test import APIClient

from dj_actions.exceptions import InvalidAction
from tests.compat.accounts.serializers import AccountSerializer
from tests.conftest import Serve

pytestmark = pytest.mark.django_db


def registry_of(*names: str) -> dict[str, Any]:
    """Return a registry of actions of these names."""
    form = "tests.compat.accounts.forms.GreetForm"
    common = {"type": "instance", "status": "alpha", "form": form, "serializer": False}
    entries = {name: {"id": name, **common} for name in names}
    return {"resource": "thing", "basepath": "/things/", "actions": entries}


def serve_accounts(serve: Serve, **attributes: Any) -> None:
    serve(queryset=User.objects.all(), serializer_class=AccountSerializer, **attributes)


def test_actions_are_listed_in_the_order_of_the_registry(client: APIClient, serve: Serve) -> None:
    names = ["wave", "Bow", "greet", "applaud"]
    serve_accounts(serve, action_registry=registry_of(*names))
    listed = client.get("/things/actions/list/").json()["instance_actions"]

    assert [entry["id"] for entry in listed] == names


def test_the_browsable_api_offers_the_list_once(client: APIClient, serve: Serve) -> None:
    serve_accounts(serve, action_registry=registry_of("greet"))
    page = client.get("/things/", headers={"Accept": "text/html"}).content.decode()

    assert page.count(">List actions<") == 1


def make_hook() -> Any:
    """Return a function, as a project added it to all its actions."""

    def hook(self: Any, request: Any, pk: Any = None, action_id: Any = None) -> Response:
        return Response()

    return hook


@pytest.mark.parametrize("name", ["_action", "actions", "bulk_actions", "action_docs"])
def test_a_hook_that_is_not_called_any_more_is_refused(serve: Serve, name: str) -> None:
    with pytest.raises(InvalidAction, match=rf"\.{name} overrides .* run_action"):
        serve_accounts(serve, **{name: make_hook()})


def test_a_decorated_catch_all_route_is_refused_too(serve: Serve) -> None:
    catch_all = action(detail=True, url_path="actions/(?P<action_id>[^/.]+)")(make_hook())

    with pytest.raises(InvalidAction, match="run_action"):
        serve_accounts(serve, actions=catch_all)


def test_a_list_of_ones_own_is_served_as_before(client: APIClient, serve: Serve) -> None:
    def action_docs(self: Any, request: Any, action_id: Any = None) -> Response:
        return Response({"mine": True})

    own = action(detail=False, url_path="actions/list")(action_docs)
    serve_accounts(serve, action_docs=own)

    assert client.get("/things/actions/list/").json() == {"mine": True}


def test_a_method_that_only_has_the_name_is_left_alone(client: APIClient, serve: Serve) -> None:
    def actions(self: Any, request: Any, pk: Any) -> Response:
        return Response({"log": pk})

    serve_accounts(serve, actions=action(detail=True)(actions))

    assert client.get("/things/7/actions/").json() == {"log": "7"}
