"""Convert a message to a Stream activity. No client, no network."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from dj_actions.exceptions import PublishRejected
from dj_actions.messages import Message

MAX_ACTIVITY_BYTES = 10_240
"""Stream rejects more: https://getstream.io/activity-feeds/docs/python/adding_activities/."""

SYSTEM_ACTOR = "system"
"""The actor of an event without a user."""

MAX_TARGETS = 100
"""Maximum number of feeds in an activity's `to` field (same page)."""


def foreign_id(message: Message) -> str:
    """Return the activity's foreign_id, which identifies it together with its time."""
    return f"djactions:{message.id}"


def build_activity(message: Message, *, to: list[str]) -> dict[str, Any]:
    """Return the activity for a message.

    `foreign_id` and `time` identify an activity, so both depend on the recorded event only:
    adding the activity twice overwrites it with itself.

    Args:
        to: feeds that receive a copy, as `slug:id`.

    Raises:
        PublishRejected: the activity exceeds Stream's size limit, or has too many targets.
    """
    activity = {
        "actor": f"user:{message.actor.id}" if message.actor else SYSTEM_ACTOR,
        "verb": message.action,
        "object": _object_reference(message),
        "foreign_id": foreign_id(message),
        # Stream reads a time without a time zone as UTC.
        "time": message.occurred_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f"),
        "actor_label": message.actor.label if message.actor else "",
        "resource": message.resource,
        "object_ids": list(message.object_ids),
        "summary": message.summary,
        "data": message.data,
        "extra": message.extra,
        "to": to,
    }
    # stream-python silently sends null for types that only Django's encoder supports.
    text = json.dumps(activity, cls=DjangoJSONEncoder)
    size = len(text.encode())
    if size > MAX_ACTIVITY_BYTES:
        raise PublishRejected(
            f"The activity of {message.label} has {size} bytes; Stream accepts "
            f"{MAX_ACTIVITY_BYTES}. Reduce the action's input or its emitted extra data."
        )
    if len(to) > MAX_TARGETS:
        raise PublishRejected(
            f"{message.label} has {len(to)} recipients; Stream accepts {MAX_TARGETS} per activity."
        )
    plain: dict[str, Any] = json.loads(text)
    return plain


def _object_reference(message: Message) -> str:
    """Return a reference to the object acted on, or to the collection for a bulk action."""
    if message.object_id is not None:
        return f"{message.resource}:{message.object_id}"
    return f"{message.resource}:*"
