"""The commands for activity feeds, with Feeds v3."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from dj_actions.models import ActionEvent, Delivery
from dj_actions.publishers import publishers
from dj_actions.testing import drain
from example.todos.actions import MarkDone
from example.todos.models import Todo
from tests.integration.stream.v3.destination import API_KEY, API_SECRET, FeedsV3Destination

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def feeds(destination: FeedsV3Destination, settings: Settings) -> Iterator[FeedsV3Destination]:
    """Configure a publisher to the server."""
    entry = {
        "BACKEND": "dj_actions_stream.v3.StreamV3Publisher",
        "OPTIONS": {
            "api_key": API_KEY,
            "api_secret": API_SECRET,
            "base_url": destination.server.url,
            "timeout": 30,
            "to": ["todo:{object}"],
        },
        "ROUTES": ["todo.*"],
    }
    settings.DJ_ACTIONS = {"PUBLISHERS": {"feeds": entry}}
    publishers.reset()
    yield destination
    publishers["feeds"].close()


def reconcile(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("stream_reconcile", *arguments, "--json", stdout=out, stderr=StringIO())
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def test_an_action_is_delivered(feeds: FeedsV3Destination, todo: Todo) -> None:
    MarkDone.run(actor=todo.owner, object=todo)
    assert drain() == 1

    delivery = Delivery.objects.get()
    (activity,) = feeds.activities.values()
    assert (delivery.receipt_id, delivery.receipt_scope) == (
        activity["id"],
        f"user:{todo.owner.pk}",
    )
    assert activity["custom"]["object_label"] == str(todo)


def test_what_is_missing_is_published_again(
    feeds: FeedsV3Destination, make_todo: Callable[..., Todo]
) -> None:
    todos = [make_todo() for _ in range(3)]
    for todo in todos:
        MarkDone.run(actor=todo.owner, object=todo)
    assert drain() == 3
    lost, emptied, _ = (
        f"djactions:{key}"
        for key in ActionEvent.objects.order_by("created_at").values_list("pk", flat=True)
    )
    del feeds.activities[lost]
    feeds.activities[emptied]["feeds"] = [f"user:{todos[1].owner.pk}"]

    found = reconcile("--all", "--reason", "lost")
    assert (found["checked"], found["replayed"]) == (3, 2)
    assert {entry["activity"]: entry["feeds"] for entry in found["missing"]} == {
        lost: [f"user:{todos[0].owner.pk}", f"todo:{todos[0].pk}"],
        emptied: [f"todo:{todos[1].pk}"],
    }
    assert drain() == 2
    assert reconcile("--all", "--dry-run")["missing"] == []


def test_groups_are_read_from_the_list_of_the_app(feeds: FeedsV3Destination) -> None:
    call_command("stream_groups", stdout=StringIO())
    assert feeds.server.count("GET", "/feed_groups") == 1

    feeds.groups.remove("todo")
    with pytest.raises(CommandError, match="Missing: todo"):
        call_command("stream_groups", stdout=StringIO())
