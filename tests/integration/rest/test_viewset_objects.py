"""An action finds its objects as the viewset does: by its queryset and its lookup field."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Group, User
from django.db.models import Count, QuerySet, Window
from django.db.models.functions import RowNumber
from rest_framework import serializers
from rest_framework.authtoken.models import Token
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.test import APIClient
from rest_framework.views import APIView

from dj_actions.models import ActionEvent
from example.todos.models import Todo
from tests.conftest import ClientOf, Declare, MakeTodo, Serve
from tests.integration.rest.todo_calls import post, post_raw
from tests.integration.rest.twin_actions import both_statuses, bulk_and_single

pytestmark = pytest.mark.django_db


# The viewset's queryset


class IsUrgent(BasePermission):
    """Looks at a value that the viewset's queryset has annotated."""

    def has_object_permission(self, request: Request, view: APIView, obj: Any) -> bool:
        return bool(obj.people)


def test_an_object_outside_the_queryset_is_not_found(
    api: APIClient, serve: Serve, declare: Declare, make_todo: MakeTodo
) -> None:
    bulk_and_single(declare)
    serve(queryset=Todo.objects.filter(done=False))
    inside, outside = make_todo(), make_todo(done=True)

    assert both_statuses(api, inside.pk) == (200, 200)
    assert both_statuses(api, outside.pk) == (404, 404)
    assert both_statuses(api, inside.pk, outside.pk) == (200, 404)


def test_an_object_that_is_filtered_out_is_not_found(
    api: APIClient, serve: Serve, declare: Declare, make_todo: MakeTodo
) -> None:
    class OnlyMilk:
        def filter_queryset(self, request: Any, queryset: QuerySet[Todo], view: Any) -> Any:
            return queryset.filter(title="Buy milk")

    bulk_and_single(declare)
    serve(filter_backends=[OnlyMilk])

    assert both_statuses(api, make_todo("Buy milk").pk) == (200, 200)
    assert both_statuses(api, make_todo("Buy wine").pk) == (404, 404)


def test_get_queryset_of_the_viewset_is_called(
    client_of: ClientOf, serve: Serve, declare: Declare, todo: Todo, bob: User
) -> None:
    def get_queryset(self: Any) -> QuerySet[Todo]:
        return Todo.objects.filter(owner=self.request.user)

    bulk_and_single(declare)
    serve(get_queryset=get_queryset)

    assert both_statuses(client_of(todo.owner), todo.pk) == (200, 200)
    assert both_statuses(client_of(bob), todo.pk) == (404, 404)


QUERYSETS: dict[str, Callable[[], QuerySet[Any]]] = {
    "plain": Todo.objects.all,
    "distinct": Todo.objects.distinct,
    "joined": lambda: Todo.objects.select_related("owner"),
    "joined to many": lambda: Todo.objects.filter(owner__todos__done=False).distinct(),
    "counted": lambda: Todo.objects.annotate(people=Count("owner")),
    "prefetched": lambda: Todo.objects.prefetch_related("owner__todos"),
    "some columns": lambda: Todo.objects.only("title"),
    "ranked": lambda: Todo.objects.annotate(rank=Window(RowNumber(), order_by="title")),
    "ordered by a join": lambda: Todo.objects.order_by("-owner__username"),
}


@pytest.mark.parametrize("name", QUERYSETS)
def test_any_queryset_can_be_locked(
    api: APIClient, serve: Serve, declare: Declare, make_todo: MakeTodo, name: str
) -> None:
    bulk_and_single(declare)
    serve(queryset=QUERYSETS[name]())

    assert both_statuses(api, make_todo().pk, make_todo().pk) == (200, 200)


def test_a_queryset_that_joins_what_may_be_absent_can_be_locked(
    api: APIClient, serve: Serve, declare: Declare, ann: User
) -> None:
    class LogSerializer(serializers.ModelSerializer[LogEntry]):
        class Meta:
            model = LogEntry
            fields = ["id"]

    bulk_and_single(declare, model=LogEntry)
    serve(queryset=LogEntry.objects.select_related("content_type"), serializer_class=LogSerializer)
    entry = LogEntry.objects.create(user=ann, action_flag=ADDITION, object_repr="x")

    assert both_statuses(api, entry.pk) == (200, 200)


def test_what_the_queryset_annotates_is_there(
    api: APIClient, serve: Serve, declare: Declare, todo: Todo
) -> None:
    bulk_and_single(declare, permissions=[IsUrgent])
    serve(queryset=Todo.objects.annotate(people=Count("owner")))

    assert both_statuses(api, todo.pk) == (200, 200)


# Other lookup fields and keys


class NameSerializer(serializers.ModelSerializer[Group]):
    class Meta:
        model = Group
        fields = ["name"]


@pytest.fixture
def served_groups(serve: Serve, declare: Declare) -> None:
    bulk_and_single(declare, model=Group)
    serve(queryset=Group.objects.all(), serializer_class=NameSerializer, lookup_field="name")


def test_objects_are_found_by_the_viewsets_lookup_field(
    api: APIClient, served_groups: None
) -> None:
    for name in ("ünï", "7"):
        Group.objects.create(name=name)

    assert both_statuses(api, "ünï", "7") == (200, 200)
    assert post(api, "/things/actions/poke_all/", {"ids": ["7", "ünï"]})[1]["results"] == [
        {"name": "7"},
        {"name": "ünï"},
    ]


def test_a_number_names_a_text_key(api: APIClient, served_groups: None) -> None:
    Group.objects.create(name="7")

    assert post(api, "/things/actions/poke_all/", {"ids": [7, "7"]})[1]["results"] == [
        {"name": "7"}
    ]


@pytest.mark.parametrize("name", ["\x00", "a\x00b", "\ud800"])
def test_an_unstorable_text_key_is_refused(api: APIClient, served_groups: None, name: str) -> None:
    status, answer = post_raw(api, "/things/actions/poke_all/", json.dumps({"ids": [name]}))

    assert (status, list(answer)) == (400, ["ids"])


def test_an_unstorable_text_key_in_the_url_is_not_found(
    api: APIClient, served_groups: None
) -> None:
    assert post(api, "/things/%00/actions/poke/")[0] == 404


def test_a_text_primary_key_works(
    api: APIClient, serve: Serve, declare: Declare, ann: User
) -> None:
    class TokenSerializer(serializers.ModelSerializer[Token]):
        class Meta:
            model = Token
            fields = ["key"]

    bulk_and_single(declare, model=Token)
    serve(queryset=Token.objects.all(), serializer_class=TokenSerializer)
    token = Token.objects.create(user=ann)

    assert both_statuses(api, token.pk) == (200, 200)
    assert both_statuses(api, "unknown") == (404, 404)
    assert ActionEvent.objects.filter(object_ids=[token.pk]).count() == 2


def test_a_uuid_primary_key_works(api: APIClient, serve: Serve, declare: Declare) -> None:
    class EventSerializer(serializers.ModelSerializer[ActionEvent]):
        class Meta:
            model = ActionEvent
            fields = ["id"]

    bulk_and_single(declare, model=ActionEvent)
    serve(queryset=ActionEvent.objects.all(), serializer_class=EventSerializer)
    event = ActionEvent.objects.create(resource="x", action="y")

    assert both_statuses(api, event.pk) == (200, 200)
    assert both_statuses(api, "0190a000-0000-7000-8000-000000000000") == (404, 404)
    assert both_statuses(api, "no-uuid") == (404, 400)
