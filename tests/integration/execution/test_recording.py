"""Each request leaves one correct record."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from pytest_django import Settings
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.serializers import ModelSerializer
from rest_framework.test import APIClient

from dj_actions.context import ActionContext
from dj_actions.models import ActionEvent, Delivery
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, Serve
from tests.fixtures.calls import url_of
from tests.places.models import Page

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"


def refuse(context: ActionContext, _data: Any) -> None:
    """Write, then refuse."""
    context.object.save()
    raise ValidationError("No.")


def test_a_failure_is_recorded_under_atomic_requests_in_a_test_of_django(
    api: APIClient,
    declare: Declare,
    serve: Serve,
    todo: Todo,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Django's TestCase holds a transaction around the request: it must not be taken for the
    # one of ATOMIC_REQUESTS, which would be rolled back.
    monkeypatch.setitem(settings.DATABASES["default"], "ATOMIC_REQUESTS", 1)
    declare(refuse)
    serve()

    assert api.post(url_of(todo)).status_code == 400
    assert ActionEvent.objects.get().status_code == 400
    assert Todo.objects.get() == todo


@pytest.mark.parametrize(("query", "count"), [("?dry_run=0", 1), ("?dry_run=1", 0)])
def test_a_failure_is_recorded_unless_it_was_a_dry_run(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, query: str, count: int
) -> None:
    declare(refuse)
    serve()

    assert api.post(url_of(todo) + query).status_code == 400
    assert ActionEvent.objects.count() == count


def test_who_is_not_logged_in_leaves_no_record(client_of: ClientOf, todo: Todo) -> None:
    body = {"note": "x" * 900_000}
    response = client_of(None).post(f"/todos/{todo.pk}/actions/mark_done/", body, format="json")

    assert response.status_code == 401
    assert not ActionEvent.objects.exists()


def too_large(settings: Settings) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "MAX_BODY_BYTES": 10}


@pytest.mark.parametrize("status", [413, 429])
def test_the_body_of_a_request_that_is_refused_at_the_door_is_not_read(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, settings: Settings, status: int
) -> None:
    read: list[int] = []

    class Watching(JSONParser):
        def parse(self, *arguments: Any, **named: Any) -> Any:
            read.append(1)
            return super().parse(*arguments, **named)

    declare(throttles=["1/day"] if status == 429 else ())
    serve(parser_classes=[Watching])
    assert api.post(url_of(todo), {}, format="json").status_code == 200
    read.clear()
    if status == 413:
        too_large(settings)

    assert api.post(url_of(todo), {"a": "x" * 100}, format="json").status_code == status
    assert read == []


def test_a_body_of_too_many_fields_is_refused_and_recorded(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo, settings: Settings
) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 10
    declare()
    serve()
    body = "&".join(f"a{number}=1" for number in range(11))

    assert api.post(url_of(todo), body, content_type=FORM).status_code == 400
    assert ActionEvent.objects.get().status_code == 400


class GroupSerializer(ModelSerializer[Group]):
    """A group."""

    class Meta:
        model = Group
        fields = ["name"]


def test_a_failure_names_its_object_by_its_key_not_by_what_the_url_calls_it(
    api: APIClient, declare: Declare, serve: Serve
) -> None:
    group = Group.objects.create(name="editors")
    declare(refuse, model=Group)
    serve(queryset=Group.objects.all(), serializer_class=GroupSerializer, lookup_field="name")

    assert api.post("/things/editors/actions/poke/").status_code == 400
    event = ActionEvent.objects.get()
    assert (event.object_id, event.object_ids) == (str(group.pk), [str(group.pk)])


def test_a_key_longer_than_its_column_is_no_hindrance(declare: Declare) -> None:
    page = Page.objects.create(url="u" * 400)
    event = declare(model=Page).run(object=page).event
    event.refresh_from_db()

    assert event.object_ids == ["u" * 400]
    assert event.object_id
    assert page.pk.startswith(event.object_id)


def test_a_summary_that_the_database_cannot_hold_is_no_hindrance(
    declare: Declare, todo: Todo
) -> None:
    event = declare(lambda context, _: context.emit(summary="a\x00b")).run(object=todo).event
    event.refresh_from_db()

    assert (event.summary[0], event.summary[-1], "\x00" in event.summary) == ("a", "b", False)


def test_a_version_may_be_a_date(
    api: APIClient, declare: Declare, serve: Serve, todo: Todo
) -> None:
    declare(version=20261101)
    serve()

    assert api.post(url_of(todo)).status_code == 200
    assert ActionEvent.objects.get().version == 20261101
    assert Delivery.objects.count() == 1


class Service:
    """A user that no user model has made: it has no name."""

    is_authenticated = True
    is_active = True
    pk = "service-1"


@pytest.mark.parametrize("fails", [True, False])
def test_a_user_without_a_name_is_recorded_by_its_key(
    declare: Declare, serve: Serve, todo: Todo, fails: bool
) -> None:
    declare(refuse if fails else lambda *_: None)
    serve()
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(Service())  # type: ignore[arg-type]  # that is the point

    assert client.post(url_of(todo)).status_code == (400 if fails else 200)
    assert ActionEvent.objects.get().actor_id == "service-1"
