"""Each kind of effect, carried out with the real client; all of them may be repeated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from dj_actions_stream.effects import Effect, EffectKind
from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.v3.client import FeedsV3Client
from dj_actions_stream.v3.sender import EffectSender

from dj_actions.exceptions import DestinationNotFound, RateLimited
from tests.fixtures.scripted_server import as_json
from tests.integration.stream.v3.destination import API_KEY, API_SECRET, FeedsV3Destination

ADDED = Effect(
    kind=EffectKind.ADD,
    id="djactions:1",
    event_id="1",
    time=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    actor="user:1",
    verb="mark_done",
    object="todo:7",
    feeds=(FeedId("user", "1"),),
    labels={"actor": "ann", "object": "Buy milk"},
    summary="ann finished Buy milk",
)
TEAMS = tuple(FeedId("team", str(number)) for number in range(60))


@pytest.fixture
def sender(destination: FeedsV3Destination) -> Iterator[EffectSender]:
    """Return what carries out effects at the server."""
    client = FeedsV3Client(
        API_KEY, API_SECRET, base_url=destination.server.url, timeouts=(3.0, 30.0)
    )
    yield EffectSender(client)
    client.close()


def test_fields_of_an_activity_are_updated(
    destination: FeedsV3Destination, sender: EffectSender
) -> None:
    sender.send(ADDED)
    change = replace(
        ADDED, kind=EffectKind.UPDATE, extra={"object_label": "Buy bread", "summary": "ann did"}
    )
    for _ in range(2):
        sender.send(change)

    (activity,) = destination.activities.values()
    assert activity["text"] == "ann did"
    assert activity["custom"]["object_label"] == "Buy bread"
    assert activity["custom"]["actor_label"] == "ann"


def test_an_activity_that_is_gone_has_nothing_to_update(
    destination: FeedsV3Destination, sender: EffectSender
) -> None:
    sender.send(replace(ADDED, kind=EffectKind.UPDATE, extra={"object_label": "Buy bread"}))

    assert destination.activities == {}


@pytest.mark.parametrize("to", [(), TEAMS])
def test_an_activity_is_removed_with_its_copies(
    destination: FeedsV3Destination, sender: EffectSender, to: tuple[FeedId, ...]
) -> None:
    added = replace(ADDED, to=to)
    other = replace(ADDED, id="djactions:2")
    sender.add([added, other])
    for _ in range(2):
        sender.send(replace(added, kind=EffectKind.REMOVE))

    assert list(destination.activities) == ["djactions:2"]


def test_feeds_follow_and_stop_following(
    destination: FeedsV3Destination, sender: EffectSender
) -> None:
    follow = replace(ADDED, kind=EffectKind.FOLLOW, feeds=(FeedId("timeline", "1"),), to=TEAMS)
    for _ in range(2):
        sender.send(follow)
    assert destination.follows == {("timeline:1", str(team)) for team in TEAMS}

    for _ in range(2):
        sender.send(replace(follow, kind=EffectKind.UNFOLLOW, to=TEAMS[1:]))
    assert destination.follows == {("timeline:1", "team:0")}


def test_a_user_reacts_once(destination: FeedsV3Destination, sender: EffectSender) -> None:
    sender.send(ADDED)
    like = replace(
        ADDED,
        kind=EffectKind.REACT,
        verb="like",
        actor="user:2",
        labels={"actor": "bob"},
        extra={"note": "well done"},
    )
    for _ in range(2):
        sender.send(like)

    assert destination.reactions == {("djactions:1", "like", "2"): {"note": "well done"}}
    assert destination.users["2"] == {"id": "2", "name": "bob"}


def test_a_reaction_to_an_activity_that_is_not_there_yet_is_tried_again(
    destination: FeedsV3Destination, sender: EffectSender
) -> None:
    with pytest.raises(DestinationNotFound, match="djactions:1 does not exist"):
        sender.send(replace(ADDED, kind=EffectKind.REACT, verb="like"))


def test_no_call_is_sent_to_an_endpoint_that_has_none_left(
    destination: FeedsV3Destination, sender: EffectSender
) -> None:
    used_up = as_json(
        {"users": [], "duration": "1ms"},
        x_ratelimit_limit="100",
        x_ratelimit_remaining="0",
        x_ratelimit_reset="9999999999",
    )
    destination.server.script(used_up, at="/users")
    sender.send(ADDED)
    with pytest.raises(RateLimited) as caught:
        sender.send(replace(ADDED, actor="user:2"))

    assert caught.value.retry_after is not None
    assert destination.server.count("GET", "/users") == 1
    assert destination.server.count("POST", "/activities") == 1
