"""Convert an effect to an activity of Feeds v2. No client, no network."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from dj_actions_stream.activities.fitting import fit, shorten
from dj_actions_stream.effects import Effect

MAX_TARGETS = 100
"""Maximum number of feeds in an activity's `to` field:
https://getstream.io/activity-feeds/docs/python/targeting/."""

MAX_VERB_BYTES = 255
"""Maximum length of a verb, as UTF-8."""

MAX_REFERENCE_BYTES = 1000
"""Maximum length of an actor, object or target, as UTF-8: none of ours is that long."""


def activity_of(effect: Effect) -> dict[str, Any]:
    """Return the activity of an effect, without targets.

    `foreign_id` and `time` identify an activity, and both depend on the recorded event only:
    adding the activity twice overwrites it with itself. Too large values are shortened.
    """
    activity = {
        **effect.extra,
        "actor": shorten(effect.actor, MAX_REFERENCE_BYTES),
        "verb": shorten(effect.verb, MAX_VERB_BYTES),
        "object": shorten(effect.object, MAX_REFERENCE_BYTES),
        "foreign_id": effect.id,
        "time": time_text(effect.time),
        **{f"{role}_label": label for role, label in effect.labels.items() if label},
        "resource": effect.resource,
        "object_ids": list(effect.object_ids),
        "object_count": len(effect.object_ids),
        "summary": effect.summary,
    }
    if effect.target:
        activity["target"] = shorten(effect.target, MAX_REFERENCE_BYTES)
    return fit(plain(activity))


def plain(value: Any) -> Any:
    """Return a value as JSON has it.

    stream-python silently sends null for types that only Django's encoder supports.
    """
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))


def time_text(time: datetime) -> str:
    """Return a time as Stream reads it: UTC without a zone, with six digits of the second."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
