"""If-Match: an action runs only on the version the client has seen."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from rest_framework.permissions import AllowAny
from rest_framework.serializers import ModelSerializer
from rest_framework.test import APIClient

from dj_actions.context import ActionContext
from dj_actions.exceptions import InvalidAction
from dj_actions.models import ActionEvent
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, Serve

pytestmark = pytest.mark.django_db


class UserSerializer(ModelSerializer[User]):
    """A user."""

    class Meta:
        model = User
        fields = ["username", "first_name"]


def rename(context: ActionContext, _data: Any) -> None:
    """Change the object, and with it its version."""
    person: User = context.object
    person.first_name += "x"
    person.save()


@pytest.fixture
def versioned(declare: Declare, serve: Serve, ann: User) -> str:
    """Return the address of an action whose object's version is a string."""
    declare(rename, model=User, version_field="first_name")
    serve(queryset=User.objects.all(), serializer_class=UserSerializer)
    return f"/things/{ann.pk}/actions/poke/"


def post(client: APIClient, url: str, if_match: str | None) -> Any:
    return client.post(url, headers={} if if_match is None else {"If-Match": if_match})


def test_the_version_that_was_seen_lets_the_action_run_and_the_new_one_is_returned(
    api: APIClient, versioned: str
) -> None:
    first = post(api, versioned, '""')
    assert (first.status_code, first["ETag"]) == (200, '"x"')

    assert post(api, versioned, first["ETag"]).status_code == 200
    assert post(api, versioned, first["ETag"]).status_code == 412
    assert User.objects.get(username="ann").first_name == "xx"


@pytest.mark.parametrize("if_match", ["*", '"a", ""', None])
def test_any_of_several_or_no_version_may_be_named(
    api: APIClient, versioned: str, if_match: str | None
) -> None:
    assert post(api, versioned, if_match).status_code == 200


@pytest.mark.parametrize("if_match", ['"other"', 'W/""', "x", "", '"a", "b"'])
def test_another_version_is_refused(api: APIClient, versioned: str, if_match: str) -> None:
    response = post(api, versioned, if_match)

    assert (response.status_code, "has changed" in response.json()["detail"]) == (412, True)
    assert User.objects.get(username="ann").first_name == ""
    assert not ActionEvent.objects.succeeded().exists()


def test_where_a_version_is_required_a_request_without_it_is_refused(
    api: APIClient, declare: Declare, serve: Serve, ann: User
) -> None:
    action = declare(rename, model=User, version_field="first_name", version_required=True)
    serve(queryset=User.objects.all(), serializer_class=UserSerializer)
    url = f"/things/{ann.pk}/actions/poke/"

    refused = post(api, url, None)
    assert (refused.status_code, "If-Match" in refused.json()["detail"]) == (428, True)
    assert post(api, url, '""').status_code == 200
    # Code holds the object itself.
    assert action.run(object=ann).status_code == 200


def test_a_moment_is_a_version(api: APIClient, declare: Declare, serve: Serve, ann: User) -> None:
    User.objects.update(last_login=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC))
    declare(model=User, version_field="last_login")
    serve(queryset=User.objects.all(), serializer_class=UserSerializer)
    url = f"/things/{ann.pk}/actions/poke/"

    assert post(api, url, '"2026-01-02T03:04:05.678901+00:00"').status_code == 200
    assert post(api, url, '"2026-01-02T03:04:05.678902+00:00"').status_code == 412


def test_the_version_is_returned_with_the_object_itself(
    api: APIClient, versioned: str, ann: User
) -> None:
    response = api.get(f"/things/{ann.pk}/")

    assert post(api, versioned, response["ETag"]).status_code == 200
    assert api.get(f"/things/{ann.pk}/")["ETag"] == '"x"'
    assert "ETag" not in api.get("/things/")


def test_an_action_without_a_version_field_ignores_the_header(api: APIClient, todo: Todo) -> None:
    response = post(api, f"/todos/{todo.pk}/actions/mark_done/", '"7"')

    assert (response.status_code, "ETag" in response) == (200, False)


def test_an_object_that_the_action_deleted_has_no_version(
    client_of: ClientOf, declare: Declare, serve: Serve, ann: User, bob: User
) -> None:
    def perform(context: ActionContext, _data: Any) -> dict[str, Any]:
        context.object.delete()
        return {}

    declare(perform, model=User, version_field="first_name", output=False)
    serve(
        queryset=User.objects.all(), serializer_class=UserSerializer, permission_classes=[AllowAny]
    )
    response = post(client_of(bob), f"/things/{ann.pk}/actions/poke/", None)

    assert (response.status_code, "ETag" in response) == (200, False)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"version_field": "nothing"}, r"version_field is 'nothing', which is not a field of Todo"),
        ({"version_required": True}, "version_required needs a version_field"),
        ({"version_field": "title", "bulk": True}, "for actions on one object"),
    ],
)
def test_a_wrong_declaration_is_refused(
    declare: Declare, attributes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidAction, match=message):
        declare(**attributes)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_have_seen_the_same_version_one_wins(
    client_of: ClientOf, versioned: str, bob: User
) -> None:
    start = threading.Barrier(2)

    def send(_: int) -> int:
        try:
            start.wait(30)
            return int(post(client_of(bob), versioned, '""').status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=2) as executor:
        statuses = sorted(executor.map(send, range(2)))

    assert statuses == [200, 412]
