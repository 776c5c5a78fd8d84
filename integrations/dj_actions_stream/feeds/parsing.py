"""Read the JSON of a feed, which may have been written by any program."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import Any
from uuid import UUID

from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.feeds.errors import FeedUnavailable
from dj_actions_stream.feeds.values import ActivityGroup, FeedActivity, FeedPage, Reference

MAX_OBJECTS = 20
"""Objects of a bulk action that are shown, and read from the database."""

EVENT_PREFIX = "djactions:"
"""Start of the foreign_id of an activity that DJ Actions has published."""

UUID_LENGTH = 36


def parse_page(feed: FeedId, document: Any) -> FeedPage:
    """Return the page in a response.

    Raises:
        FeedUnavailable: it is not the page of a feed.
    """
    try:
        results = document["results"]
        is_grouped = any("activities" in entry for entry in results)
        marks = {name: _optional_int(document.get(name)) for name in ("unseen", "unread")}
        return FeedPage(
            feed=feed,
            activities=() if is_grouped else tuple(map(_activity, results)),
            groups=tuple(map(_group, results)) if is_grouped else (),
            next=_text(results[-1]["id"]) if results and document.get("next") else "",
            **marks,
        )
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise FeedUnavailable(
            f"Stream: the response is not the page of a feed: {str(document)[:200]!r}. "
            "Is a proxy in front of it?"
        ) from error


def _group(raw: Mapping[str, Any]) -> ActivityGroup:
    activities = tuple(map(_activity, raw["activities"]))
    return ActivityGroup(
        id=_text(raw["id"]),
        verb=_text(raw.get("verb")),
        updated_at=_time(raw.get("updated_at") or raw["activities"][0]["time"]),
        activity_count=_optional_int(raw.get("activity_count")) or len(activities),
        actor_count=_optional_int(raw.get("actor_count")) or 1,
        activities=activities,
        is_seen=_optional_bool(raw.get("is_seen")),
        is_read=_optional_bool(raw.get("is_read")),
    )


def _activity(raw: Mapping[str, Any]) -> FeedActivity:
    acted_on = _reference(raw, "object")
    resource = _text(raw.get("resource")) or acted_on.resource
    ids = raw.get("object_ids")
    keys = [_text(key) for key in ids] if acted_on.is_bulk and isinstance(ids, list) else []
    listed = tuple(_listed(resource, key) for key in keys[:MAX_OBJECTS])
    foreign_id = _text(raw.get("foreign_id"))
    return FeedActivity(
        id=_text(raw["id"]),
        verb=_text(raw.get("verb")),
        time=_time(raw["time"]),
        actor=_reference(raw, "actor"),
        object=acted_on,
        target=_reference(raw, "target") if raw.get("target") else None,
        objects=listed or (acted_on,),
        object_count=max(len(keys), _count(raw.get("object_count"))),
        resource=resource,
        summary=_text(raw.get("summary")),
        foreign_id=foreign_id,
        event_id=_event_id(foreign_id),
        data=dict(raw),
    )


def _reference(raw: Mapping[str, Any], name: str) -> Reference:
    """Return the reference in a field; Stream has replaced some kinds of them by objects."""
    value = raw.get(name)
    text = _text(value.get("id") if isinstance(value, Mapping) else value)
    return Reference(text=text, label=_text(raw.get(f"{name}_label")))


def _listed(resource: str, key: str) -> Reference:
    return Reference(text=f"{resource}:{key}", label="")


def _event_id(foreign_id: str) -> UUID | None:
    if foreign_id.startswith(EVENT_PREFIX):
        with suppress(ValueError):
            return UUID(foreign_id[len(EVENT_PREFIX) :][:UUID_LENGTH])
    return None


def _time(value: Any) -> datetime:
    """Return a time in UTC; one without a time zone is in UTC, as in Stream.

    Raises:
        ValueError: it is not a time.
        OverflowError: it has no equivalent in other time zones.
    """
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    if moment.year in {MINYEAR, MAXYEAR}:
        raise OverflowError(f"{value} is not the time of an activity.")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _text(value: Any) -> str:
    # A page cannot contain a lone surrogate, which JSON can.
    return "" if value is None else str(value).encode(errors="replace").decode()


def _optional_int(value: Any) -> int | None:
    return None if value is None else int(value)


def _count(value: Any) -> int:
    """Return the number of objects; one if the activity does not say."""
    return value if isinstance(value, int) and value > 0 else 1


def _optional_bool(value: Any) -> bool | None:
    return None if value is None else bool(value)
