"""manage.py stream_reconcile: what a feed has lost is published again, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from dj_actions_stream import Activity
from dj_actions_stream.reconciliation.records import Selection, effects_of, pages_of
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from dj_actions.models import ActionEvent, Delivery
from dj_actions.publishers import publishers
from dj_actions.states import DeliveryState
from dj_actions.testing import drain
from example.todos.actions import HandOver, MarkDone
from example.todos.models import Todo
from tests.integration.stream.v2.test_publisher import API_KEY, API_SECRET, FeedsServer

pytestmark = pytest.mark.django_db(transaction=True)

Configure = Callable[..., None]


class Removing(Activity):
    """Removes what was said about an object before."""

    earlier = "remove"


class Renaming(Activity):
    """Changes what was said about an object before."""

    kind = None
    earlier = {"note": "handed over"}


@pytest.fixture
def feeds(
    settings: Settings, live_server: LiveServer, direct_connections: None
) -> Iterator[FeedsServer]:
    settings.ROOT_URLCONF = "dj_actions_stream.server.urls"
    settings.FEEDS_SERVER = {
        "API_KEY": API_KEY,
        "API_SECRET": API_SECRET,
        "GROUPS": {"todo": "flat"},
    }
    server = FeedsServer(live_server.thread.port)
    yield server
    server.close()


@pytest.fixture(autouse=True)
def configure(feeds: FeedsServer, settings: Settings) -> Configure:
    """Configure the publisher, with options."""

    def configure(**options: Any) -> None:
        entry = {
            "BACKEND": "dj_actions_stream.StreamPublisher",
            "OPTIONS": {**feeds.options, "to": ["todo:{object}"], **options},
            "ROUTES": ["todo.*"],
            "ORDERING": "key",
        }
        settings.DJ_ACTIONS = {"PUBLISHERS": {"feeds": entry}}
        publishers.reset()

    configure()
    return configure


def finish(todo: Todo) -> str:
    """Mark a todo as done, deliver it, and return the activity's foreign_id."""
    MarkDone.run(actor=todo.owner, object=todo)
    assert drain() == 1
    return f"djactions:{ActionEvent.objects.latest('pk').pk}"


def lose(feeds: FeedsServer, feed: str, foreign_id: str) -> None:
    """Remove an activity from a feed, with its copies, as somebody does by mistake."""
    group, _, key = feed.partition(":")
    feeds._reader.feed(group, key).remove_activity(foreign_id=foreign_id)


def foreign_ids(feeds: FeedsServer, feed: str) -> list[str]:
    return [activity["foreign_id"] for activity in feeds.read(feed)]


def reconcile(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("stream_reconcile", *arguments, "--json", stdout=out, stderr=StringIO())
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def test_what_is_missing_is_published_again_with_actor_and_reason(
    feeds: FeedsServer, make_todo: Callable[..., Todo], ann: User
) -> None:
    todos = [make_todo() for _ in range(3)]
    ids = [finish(todo) for todo in todos]
    lose(feeds, f"user:{ann.pk}", ids[1])

    found = reconcile("--all", "--reason", "emptied by mistake", "--as", "ann")
    assert (found["checked"], found["replayed"]) == (3, 1)
    (missing,) = found["missing"]
    assert missing["activity"] == ids[1]
    assert missing["feeds"] == [f"user:{ann.pk}", f"todo:{todos[1].pk}"]
    event = ActionEvent.objects.latest("pk")
    assert (event.label, event.actor_label) == ("delivery.replay_delivered", "ann")
    assert event.request_data["reason"] == "emptied by mistake"
    assert event.request_data["deliveries"] == [missing["delivery"]]

    assert drain() == 1
    assert foreign_ids(feeds, f"user:{ann.pk}") == ids[::-1]
    assert foreign_ids(feeds, f"todo:{todos[1].pk}") == [ids[1]]
    assert reconcile("--all", "--dry-run")["missing"] == []


def test_a_dry_run_changes_nothing(feeds: FeedsServer, todo: Todo) -> None:
    lose(feeds, f"user:{todo.owner.pk}", finish(todo))
    before = list(Delivery.objects.values())

    found = reconcile("--all", "--dry-run")
    assert (len(found["missing"]), found["replayed"]) == (1, 0)
    assert list(Delivery.objects.values()) == before


def test_nothing_is_missing_where_all_is_there(todo: Todo) -> None:
    finish(todo)

    assert reconcile("--all", "--reason", "x") == {
        "checked": 1,
        "missing": [],
        "removed": 0,
        "unknown": 0,
        "skipped": 0,
        "deliveries": [],
        "replayed": 0,
    }


def test_it_reads_as_many_pages_as_it_needs(
    feeds: FeedsServer, todo: Todo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dj_actions_stream.v2.feed_readers.PAGE_SIZE", 2)
    monkeypatch.setattr("dj_actions_stream.reconciliation.records.PAGE_SIZE", 3)
    ids = [finish(todo) for _ in range(7)]
    for lost in (ids[0], ids[4]):
        lose(feeds, f"user:{todo.owner.pk}", lost)

    found = reconcile("--all", "--dry-run")
    assert found["checked"] == 7
    assert [entry["activity"] for entry in found["missing"]] == [ids[4], ids[0]]


def test_activities_that_are_too_old_to_be_read_are_unknown(
    feeds: FeedsServer, todo: Todo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dj_actions_stream.v2.feed_readers.MAX_READABLE", 2)
    ids = [finish(todo) for _ in range(3)]
    lose(feeds, f"user:{todo.owner.pk}", ids[0])

    found = reconcile("--all", "--dry-run", "--feed", f"user:{todo.owner.pk}")
    assert (found["missing"], found["unknown"]) == ([], 1)


def test_records_are_selected_by_feed_actor_and_time(
    feeds: FeedsServer, make_todo: Callable[..., Todo], ann: User, bob: User
) -> None:
    first, second = make_todo(owner=ann), make_todo(owner=bob)
    ids = [finish(first), finish(second)]
    lose(feeds, f"user:{ann.pk}", ids[0])
    lose(feeds, f"user:{bob.pk}", ids[1])
    earlier, later = ActionEvent.objects.order_by("pk").values_list("created_at", flat=True)
    between = (earlier + (later - earlier) / 2).isoformat()

    for chosen, selection in (
        ([ids[0]], ["--feed", f"user:{ann.pk}"]),
        ([ids[1]], ["--actor", str(bob.pk)]),
        ([ids[1]], ["--since", between]),
        ([ids[0]], ["--until", between]),
    ):
        found = reconcile(*selection, "--dry-run")
        assert [entry["activity"] for entry in found["missing"]] == chosen
        assert found["checked"] == 1


def test_what_a_later_action_has_removed_stays_removed(
    feeds: FeedsServer, todo: Todo, configure: Configure
) -> None:
    configure(activity={"todo.hand_over": Removing})
    removed = finish(todo)
    HandOver.run(actor=todo.owner, object=todo, data={"to": todo.owner.username})
    assert drain() == 1
    assert removed not in foreign_ids(feeds, f"user:{todo.owner.pk}")

    found = reconcile("--all", "--dry-run")
    assert (found["checked"], found["removed"], found["missing"]) == (2, 1, [])


def test_what_a_later_action_has_changed_is_changed_again(
    feeds: FeedsServer, todo: Todo, configure: Configure
) -> None:
    configure(activity={"todo.hand_over": Renaming})
    feed = f"user:{todo.owner.pk}"
    changed = finish(todo)
    HandOver.run(actor=todo.owner, object=todo, data={"to": todo.owner.username})
    assert drain() == 1
    lose(feeds, feed, changed)

    assert reconcile("--all", "--reason", "x")["replayed"] == 2
    assert drain() == 2
    (activity,) = feeds.read(feed)
    assert (activity["foreign_id"], activity["note"]) == (changed, "handed over")


def test_records_are_read_with_few_statements(
    feeds: FeedsServer,
    make_todo: Callable[..., Todo],
    configure: Configure,
    django_assert_max_num_queries: Any,
) -> None:
    configure(activity=Removing)
    for _ in range(6):
        MarkDone.run(actor=(todo := make_todo()).owner, object=todo)
    assert drain() == 6
    publisher = publishers["feeds"]

    with django_assert_max_num_queries(2):
        pages = list(pages_of(Selection().deliveries("feeds", DeliveryState.DELIVERED)))
        found = [effects_of(publisher, delivery) for page in pages for delivery in page]  # type: ignore[arg-type]  # it is one to feeds
    assert [len(effects) for effects in found] == [1] * 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dry-run"], "confirm with --all"),
        (["--all"], "Give a --reason"),
        (["--all", "--reason", " "], "Give a --reason"),
        (["--all", "--reason", "x", "--as", "eve"], "There is no user 'eve'"),
        (["--all", "--dry-run", "--publisher", "unknown"], "unknown"),
        (["--feed", "us er:1", "--dry-run"], "not a valid feed id"),
        (["--since", "yesterday", "--dry-run"], "not an ISO 8601 time"),
    ],
)
def test_wrong_arguments_are_reported(arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        reconcile(*arguments)


def test_a_destination_that_fails_is_reported(
    todo: Todo, configure: Configure, refusing_url: str
) -> None:
    finish(todo)
    configure(base_url=refusing_url)

    with pytest.raises(CommandError, match="Connection refused"):
        reconcile("--all", "--dry-run")
