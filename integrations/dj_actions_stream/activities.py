"""Message → activity. Pure: no client, no network."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from dj_actions.exceptions import PublishRejected
from dj_actions.messages import Message

MAX_ACTIVITY_BYTES = 10_240
"""Stream refuses more: https://getstream.io/activity-feeds/docs/python/adding_activities/."""

SYSTEM_ACTOR = "system"
"""Who acts when nobody in particular does."""

MAX_TARGETS = 100
"""Most feeds an activity can be copied to in one request (same page)."""


def foreign_id(message: Message) -> str:
    """Return the key that Stream knows the activity by, together with its time."""
    return f"djactions:{message.id}"


def activity_of(message: Message, *, to: list[str]) -> dict[str, Any]:
    """Return the activity for a message.

    `foreign_id` and `time` make the activity unique, so both come from the record alone:
    adding it twice overwrites it with itself.

    Args:
        to: feeds that get a copy, as `slug:id`.

    Raises:
        PublishRejected: it is larger than Stream takes, or copied to too many feeds.
    """
    activity = {
        "actor": f"user:{message.actor.id}" if message.actor else SYSTEM_ACTOR,
        "verb": message.action,
        "object": _object(message),
        "foreign_id": foreign_id(message),
        # Stream reads a time without a zone as UTC.
        "time": message.occurred_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f"),
        "actor_label": message.actor.label if message.actor else "",
        "resource": message.resource,
        "object_ids": list(message.object_ids),
        "summary": message.summary,
        "data": message.data,
        "extra": message.extra,
        "to": to,
    }
    # stream-python sends null, in silence, for what only Django's encoder knows.
    text = json.dumps(activity, cls=DjangoJSONEncoder)
    size = len(text.encode())
    if size > MAX_ACTIVITY_BYTES:
        raise PublishRejected(
            f"The activity of {message.label} has {size} bytes; Stream takes {MAX_ACTIVITY_BYTES}. "
            "Put less into the action's input or its emitted extra data."
        )
    if len(to) > MAX_TARGETS:
        raise PublishRejected(
            f"{message.label} has {len(to)} recipients; Stream takes {MAX_TARGETS} in one activity."
        )
    plain: dict[str, Any] = json.loads(text)
    return plain


def _object(message: Message) -> str:
    """Name what was acted on: one object, or the collection it lies in."""
    if message.object_id is not None:
        return f"{message.resource}:{message.object_id}"
    return f"{message.resource}:*"
