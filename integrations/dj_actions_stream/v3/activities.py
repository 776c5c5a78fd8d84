"""Map effects to the requests of Feeds v3. No network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from getstream.models import (
    ActivityRequest,
    FollowRequest,
    UnfollowPair,
    UpdateActivityPartialChangeRequest,
)

from dj_actions_stream.activities.conversion import activity_of, plain
from dj_actions_stream.chunks import chunks
from dj_actions_stream.effects import Effect
from dj_actions_stream.feed_ids import safe_id

MAX_FEEDS = 25
"""Feeds of one activity, as Stream documents it."""

MAX_BATCH = 100
"""Activities of one request, as Stream documents it."""

SYSTEM_USER = "system"
"""The user of activities without one: Feeds v3 requires a user for each activity."""

PART_SEPARATOR = "--"
"""Between the id of an activity and the number of its part; see `activities_of`."""


PLACES = {"summary": "text"}
"""Field of Feeds v2 → its place in an activity of v3; the other fields are custom data."""


def user_id_of(effect: Effect) -> str:
    """Return the id of the Stream user who acted: `7` for the actor `user:7`."""
    _, _, key = effect.actor.rpartition(":")
    return safe_id(key) if key else SYSTEM_USER


def user_name_of(effect: Effect) -> str:
    """Return the name of the user for readers; empty if it is not known."""
    return effect.labels.get("actor", "")


def activities_of(effect: Effect) -> list[ActivityRequest]:
    """Return the activities that an effect adds.

    It is one activity, unless it has more feeds than Stream accepts: further feeds get copies
    with ids of their own.
    """
    fields = activity_of(effect)
    own = {
        "type": fields.pop("verb"),
        "text": fields.pop("summary") or None,
        "user_id": user_id_of(effect),
        # What Feeds v3 has no place of its own for is as it is in Feeds v2.
        "custom": {name: value for name, value in fields.items() if name != "foreign_id"},
    }
    return [
        ActivityRequest(id=part_id, feeds=list(feeds), **own)
        for part_id, feeds in _parts_of(effect)
    ]


def activity_ids_of(effect: Effect) -> list[str]:
    """Return the ids of the activities that `activities_of` returns for the same feeds."""
    return [part_id for part_id, _ in _parts_of(effect)] or [effect.id]


def changes_of(effect: Effect) -> list[UpdateActivityPartialChangeRequest]:
    """Return the changes of an effect that updates an activity."""
    values = {PLACES.get(name, f"custom.{name}"): value for name, value in effect.extra.items()}
    return [
        UpdateActivityPartialChangeRequest(activity_id=part_id, set=plain(values))
        for part_id in activity_ids_of(effect)
    ]


def follows_of(effect: Effect) -> list[FollowRequest]:
    """Return the follows that an effect creates."""
    return [FollowRequest(source=source, target=target) for source, target in _pairs_of(effect)]


def unfollows_of(effect: Effect) -> list[UnfollowPair]:
    """Return the follows that an effect removes."""
    return [UnfollowPair(source=source, target=target) for source, target in _pairs_of(effect)]


def _parts_of(effect: Effect) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield id and feeds of each activity."""
    feeds = list(dict.fromkeys(str(feed) for feed in (*effect.feeds, *effect.to)))
    for number, chunk in enumerate(chunks(feeds, MAX_FEEDS), start=1):
        yield effect.id if number == 1 else f"{effect.id}{PART_SEPARATOR}{number}", chunk


def _pairs_of(effect: Effect) -> Iterator[tuple[str, str]]:
    for source, target in product(effect.feeds, effect.to):
        yield str(source), str(target)
