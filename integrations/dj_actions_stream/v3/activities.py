"""Map effects to the requests of Feeds v3. No network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any

from getstream.models import (
    ActivityRequest,
    FollowRequest,
    UnfollowPair,
    UpdateActivityPartialChangeRequest,
)

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
    return [
        ActivityRequest(
            id=part_id,
            type=effect.verb,
            feeds=list(feeds),
            user_id=user_id_of(effect),
            text=effect.summary or None,
            custom=_custom_of(effect),
        )
        for part_id, feeds in _parts_of(effect)
    ]


def activity_ids_of(effect: Effect) -> list[str]:
    """Return the ids of the activities that `activities_of` returns for the same feeds."""
    return [part_id for part_id, _ in _parts_of(effect)] or [effect.id]


def changes_of(effect: Effect) -> list[UpdateActivityPartialChangeRequest]:
    """Return the changes of an effect that updates an activity."""
    values: dict[str, Any] = {f"custom.{name}": value for name, value in effect.extra.items()}
    if effect.summary:
        values["text"] = effect.summary
    return [
        UpdateActivityPartialChangeRequest(activity_id=part_id, set=values)
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
    for start in range(0, len(feeds), MAX_FEEDS):
        number = start // MAX_FEEDS + 1
        suffix = "" if number == 1 else f"{PART_SEPARATOR}{number}"
        yield f"{effect.id}{suffix}", feeds[start : start + MAX_FEEDS]


def _pairs_of(effect: Effect) -> Iterator[tuple[str, str]]:
    for source in effect.feeds:
        for target in effect.to:
            yield str(source), str(target)


def _custom_of(effect: Effect) -> dict[str, Any]:
    """Return the fields that Feeds v3 has no place of its own for."""
    labels = {f"{name}_label": label for name, label in effect.labels.items()}
    own = {
        "actor": effect.actor,
        "object": effect.object,
        "target": effect.target,
        "time": effect.time.astimezone(UTC).isoformat(),
        "resource": effect.resource,
        "object_ids": list(effect.object_ids),
    }
    return {name: value for name, value in (effect.extra | labels | own).items() if value != ""}
