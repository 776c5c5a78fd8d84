"""The size of an activity, counted as the feeds server and the documentation of Stream do."""

from __future__ import annotations

import json
from typing import Any

MAX_ACTIVITY_BYTES = 10_240
"""Stream rejects more: https://getstream.io/activity-feeds/docs/python/adding_activities/."""


def json_bytes(value: Any) -> int:
    """Return the size of a JSON value: as UTF-8, and without spaces between its parts."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
