"""Published messages are in the feeds, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import stream
from dj_actions_stream import Activity, Effect, StreamPublisher
from dj_actions_stream.effects import activity_id
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from dj_actions.exceptions import PublisherMisconfigured, PublishRejected
from dj_actions.messages import Actor, Message, Receipt
from dj_actions.models import Delivery
from dj_actions.publishers import publishers
from dj_actions.testing import drain
from dj_actions.testing.contract import PublisherContract, make_message
from example.todos.actions import MarkDone
from example.todos.models import Todo

pytestmark = pytest.mark.django_db(transaction=True)

API_KEY = "feeds-key"
API_SECRET = "feeds-secret-of-more-than-32-bytes"
WRONG_SECRET = "another-secret-of-more-than-32-bytes"


class FeedsServer:
    """The live feeds server, with publishers and a reader."""

    def __init__(self, port: int) -> None:
        self._base_url = f"http://localhost:{port}"
        self.options: dict[str, Any] = {
            "base_url": self._base_url,
            "timeout": 30.0,
            "api_key": API_KEY,
            "api_secret": API_SECRET,
        }
        """OPTIONS of a publisher."""
        self._publishers: list[StreamPublisher] = []
        self._reader = stream.connect(API_KEY, API_SECRET, base_url=self._base_url, timeout=30)

    def publisher(self, **options: Any) -> StreamPublisher:
        """Return a publisher, which is closed after the test."""
        publisher = StreamPublisher(alias="feeds", **(self.options | options))
        self._publishers.append(publisher)
        return publisher

    def read(self, feed: str) -> list[dict[str, Any]]:
        """Return a feed's activities, newest first."""
        slug, _, owner = feed.partition(":")
        results: list[dict[str, Any]] = self._reader.feed(slug, owner).get(limit=100)["results"]
        return results

    def activities(self, feed: str, message: Message) -> list[dict[str, Any]]:
        """Return a feed's activities for a message."""
        return [entry for entry in self.read(feed) if entry["foreign_id"] == activity_id(message)]

    def close(self) -> None:
        """Close all connections."""
        for publisher in self._publishers:
            publisher.close()
        self._reader.session.close()


@pytest.fixture
def feeds(
    settings: Settings, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FeedsServer]:
    settings.ROOT_URLCONF = "dj_actions_stream.server.urls"
    settings.FEEDS_SERVER = {
        "API_KEY": API_KEY,
        "API_SECRET": API_SECRET,
        "GROUPS": {"team": "flat", "todo": "flat", "log": "flat"},
    }
    # Each of these would send the reader's requests to another server.
    for name in ("LOCAL", "STREAM_REGION", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    server = FeedsServer(live_server.thread.port)
    yield server
    server.close()


class TestContract(PublisherContract):
    """The contract of every publisher."""

    @pytest.fixture(autouse=True)
    def _server(self, feeds: FeedsServer) -> None:
        self.feeds = feeds

    def make_publisher(self) -> StreamPublisher:
        return self.feeds.publisher()

    def count_effects(self, message: Message) -> int:
        owner = message.actor.id if message.actor else "system"
        return len(self.feeds.activities(f"user:{owner}", message))


def test_the_receipt_is_the_activity_in_its_feed(feeds: FeedsServer) -> None:
    message = make_message()
    receipt = feeds.publisher().publish(message)

    (activity,) = feeds.activities("user:1", message)
    assert (receipt.id, receipt.scope, receipt.tracked) == (activity["id"], "user:1", False)


def test_an_activity_says_what_happened_and_when(feeds: FeedsServer) -> None:
    message = make_message(options={"object_label": "Läden"})
    feeds.publisher().publish(message)

    (activity,) = feeds.activities("user:1", message)
    assert (activity["actor"], activity["verb"], activity["object"]) == (
        "user:1",
        "mark_done",
        "todo:7",
    )
    assert (activity["time"], activity["object_label"]) == (message.occurred_at, "Läden")
    assert not {"data", "extra", "result"} & activity.keys()


def test_recipients_get_a_copy(feeds: FeedsServer) -> None:
    message = make_message(recipients=("user:2", "team:blue"))
    receipt = feeds.publisher().publish(message)

    copies = [*feeds.activities("user:2", message), *feeds.activities("team:blue", message)]
    assert [copy["id"] for copy in copies] == [receipt.id, receipt.id]


def test_the_configured_targets_get_a_copy(feeds: FeedsServer) -> None:
    message = make_message()
    feeds.publisher(to=["{resource}:{object}", "log:all"]).publish(message)

    assert feeds.activities("todo:7", message)
    assert feeds.activities("log:all", message)


def test_a_recipient_named_twice_gets_one_copy(feeds: FeedsServer) -> None:
    message = make_message(recipients=("log:all", "log:all"))
    feeds.publisher(to=["log:all"]).publish(message)

    assert len(feeds.activities("log:all", message)) == 1


@pytest.mark.parametrize("count", [100, 101, 250])
def test_all_recipients_get_a_copy_however_many_they_are(feeds: FeedsServer, count: int) -> None:
    message = make_message(recipients=tuple(f"team:{number}" for number in range(count)))
    receipt = feeds.publisher().publish(message)

    assert receipt.scope == "user:1"
    for feed in ("user:1", "team:0", "team:99", f"team:{count - 1}"):
        (activity,) = feeds.activities(feed, message)
        assert activity["id"] == receipt.id


@pytest.mark.parametrize("letter", ["x", "я", "あ", "😀", '"', "\n"])
@pytest.mark.parametrize("characters", [1_000, 20_000])
def test_the_server_accepts_what_the_publisher_makes_of_any_text(
    feeds: FeedsServer, letter: str, characters: int
) -> None:
    message = make_message(summary=letter * characters)
    feeds.publisher().publish(message)

    (activity,) = feeds.activities("user:1", message)
    is_cut = activity["summary"].endswith("…")
    assert is_cut == (activity.get("truncated") == ["summary"]) == (characters == 20_000)


def test_a_bulk_action_of_a_thousand_objects_is_delivered(feeds: FeedsServer) -> None:
    ids = tuple(str(UUID(int=number)) for number in range(1000))
    message = make_message(object_id=None, object_ids=ids, data={"note": "я" * 9000})
    feeds.publisher(activity=WithData).publish(message)

    (activity,) = feeds.activities("user:1", message)
    assert activity["object_count"] == 1000
    assert activity["truncated"] == ["data.note", "object_ids"]


class WithData(Activity):
    """The input is for everyone."""

    data = ("note",)


def test_the_receipt_links_to_the_page_of_the_activity(feeds: FeedsServer) -> None:
    page_url = "https://example.com/feeds/{group}/{id}/#{activity}"
    receipt = feeds.publisher(page_url=page_url).publish(make_message())

    assert receipt.url == f"https://example.com/feeds/user/1/#{receipt.id}"


def test_several_feeds_have_the_activity(feeds: FeedsServer) -> None:
    message = make_message()
    receipt = feeds.publisher(feed=["user:{actor}", "{resource}:{object}"]).publish(message)

    assert receipt.scope == "user:1"
    assert feeds.activities("user:1", message)
    assert feeds.activities("todo:7", message)


def test_many_messages_to_several_feeds_each_have_one_activity(feeds: FeedsServer) -> None:
    messages = [make_message(actor=Actor(id=str(at % 3), label="")) for at in range(120)]
    outcomes = list(feeds.publisher().publish_many(messages))

    assert all(isinstance(outcome, Receipt) for outcome in outcomes)
    found = {user: [entry["id"] for entry in feeds.read(f"user:{user}")] for user in range(3)}
    for position, outcome in enumerate(outcomes):
        assert isinstance(outcome, Receipt)
        assert found[position % 3].count(outcome.id) == 1


def test_a_bad_activity_among_many_affects_no_other(feeds: FeedsServer) -> None:
    def activity(message: Message, default: Effect) -> Effect:
        return replace(default, extra={"score": 1}) if message.data["is_bad"] else default

    messages = [make_message(data={"is_bad": at == 17}) for at in range(30)]
    outcomes = list(feeds.publisher(activity=activity).publish_many(messages))

    bad = [at for at, outcome in enumerate(outcomes) if not isinstance(outcome, Receipt)]
    assert bad == [17]
    assert isinstance(outcomes[17], PublishRejected)
    assert "score" in str(outcomes[17])


def test_a_route_chooses_the_feed(feeds: FeedsServer) -> None:
    message = make_message(options={"feed": "todo:{object}"})
    receipt = feeds.publisher().publish(message)

    assert receipt.scope == "todo:7"
    assert feeds.activities("todo:7", message)
    assert feeds.activities("user:1", message) == []


def test_an_event_goes_to_the_feed_of_the_route_that_it_was_recorded_with(
    feeds: FeedsServer, settings: Settings, todo: Todo
) -> None:
    def configure(feed: str) -> None:
        entry = {
            "BACKEND": "dj_actions_stream.StreamPublisher",
            "OPTIONS": feeds.options,
            "ROUTES": {"todo.*": {"feed": feed}},
        }
        settings.DJ_ACTIONS = {"PUBLISHERS": {"feeds": entry}}
        publishers.reset()

    configure("todo:{object}")
    MarkDone.run(actor=todo.owner, object=todo)
    configure("team:{object}")
    assert drain() == 1

    assert Delivery.objects.get().receipt_scope == f"todo:{todo.pk}"
    assert len(feeds.read(f"todo:{todo.pk}")) == 1
    assert feeds.read(f"team:{todo.pk}") == []


def test_an_actor_whose_key_is_an_email_has_a_feed(feeds: FeedsServer) -> None:
    message = make_message(actor=Actor(id="ann@example.com", label="ann"))
    receipt = feeds.publisher().publish(message)

    assert len(feeds.activities(receipt.scope, message)) == 1


def test_a_late_delivery_lands_where_it_belongs(feeds: FeedsServer) -> None:
    older = make_message()
    newer = make_message(occurred_at=older.occurred_at + timedelta(microseconds=1))
    list(feeds.publisher().publish_many([newer, older]))

    in_feed = [entry["foreign_id"] for entry in feeds.read("user:1")]
    assert in_feed == [activity_id(newer), activity_id(older)]


def test_a_wrong_secret_stops_the_lane_and_is_not_in_the_message(feeds: FeedsServer) -> None:
    with pytest.raises(PublisherMisconfigured, match="Stream: SignatureException") as why:
        feeds.publisher(api_secret=WRONG_SECRET).publish(make_message())

    assert type(why.value.__cause__).__name__ == "SignatureException"
    assert WRONG_SECRET not in str(why.value)


def test_a_wrong_key_stops_the_lane(feeds: FeedsServer) -> None:
    with pytest.raises(PublisherMisconfigured, match="Stream: ApiKeyException"):
        feeds.publisher(api_key="unknown").publish(make_message())


def test_a_server_with_our_key_is_reachable(feeds: FeedsServer) -> None:
    assert feeds.publisher().check_reachable()


def test_a_server_with_another_secret_is_reported(feeds: FeedsServer) -> None:
    with pytest.raises(PublisherMisconfigured, match="Stream: SignatureException"):
        feeds.publisher(api_secret=WRONG_SECRET).check_reachable()


def test_after_the_fix_the_same_message_is_delivered(feeds: FeedsServer) -> None:
    message = make_message()
    with pytest.raises(PublisherMisconfigured):
        feeds.publisher(api_secret=WRONG_SECRET).publish(message)

    feeds.publisher().publish(message)
    assert len(feeds.activities("user:1", message)) == 1


def test_one_bad_message_does_not_stop_its_neighbors(feeds: FeedsServer) -> None:
    good, bad, last = make_message(), make_message(recipients=("invalid",)), make_message()
    outcomes = list(feeds.publisher().publish_many([good, bad, last]))

    assert [type(outcome).__name__ for outcome in outcomes] == [
        "Receipt",
        "PublishRejected",
        "Receipt",
    ]
    assert [len(feeds.activities("user:1", message)) for message in (good, bad, last)] == [1, 0, 1]
