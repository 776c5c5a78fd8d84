"""An activity's id, which is derived from its time and its foreign_id.

As observed in Stream's responses, an id is a version-1 UUID whose timestamp is the activity's time
to the microsecond, with the clock sequence 8080 and a node that starts with 80. The rest of the
node comes from a hash, so that the same pair has the same id on every machine.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from dj_actions_stream.server.protocol.errors import InputError

# RFC 9562 5.1: a version-1 UUID counts 100 ns ticks since the Gregorian reform in 60 bits.
FIRST_TIME = datetime(1582, 10, 15, tzinfo=UTC)
LAST_TIME = FIRST_TIME + timedelta(microseconds=(2**60 - 1) // 10)

_TIME = re.compile(
    r"\d{4}-\d\d-\d\d"
    r"(?:T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MICROSECOND = timedelta(microseconds=1)


def id_from_pair(foreign_id: str, time: datetime) -> UUID:
    """Return the id of the activity with this foreign_id and time."""
    return _id(time, f"foreign_id {foreign_id}")


def id_from_data(data: Mapping[str, Any], time: datetime) -> UUID:
    """Return the id of an activity without a foreign_id, from its time and data."""
    return _id(time, f"data {json.dumps(data, sort_keys=True)}")


def time_from_id(activity_id: UUID) -> datetime:
    """Return the time in an activity's id."""
    return FIRST_TIME + _MICROSECOND * (activity_id.time // 10)


def parse_id(text: str) -> UUID:
    """Return the id in `text`, or raise InputError."""
    if not _UUID.fullmatch(text):
        raise InputError(
            "An activity id must be a UUID.", fields={"id": ["not a valid activity id"]}
        )
    return UUID(text)


def parse_time(text: str) -> datetime:
    """Return the time in `text`, in UTC. A time without a zone is in UTC, as in Stream."""
    if not _TIME.fullmatch(text):
        raise ValueError("expected a time like 2024-12-31T23:59:59.123456, in UTC")
    try:
        time = _in_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise ValueError("this time does not exist") from error
    if not FIRST_TIME <= time <= LAST_TIME:
        raise ValueError(f"only the years {FIRST_TIME.year} to {LAST_TIME.year - 1} are supported")
    return time


def render_time(time: datetime) -> str:
    """Return the time as Stream sends it: in UTC, with six decimals and no zone."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def render_utc(time: datetime) -> str:
    """Return the time of a change as Stream sends it: in UTC, with six decimals and a Z."""
    return f"{render_time(time)}Z"


def _in_utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _id(time: datetime, seed: str) -> UUID:
    ticks = (time - FIRST_TIME) // _MICROSECOND * 10
    digest = hashlib.sha256(seed.encode()).digest()
    return UUID(
        fields=(
            ticks & 0xFFFF_FFFF,
            ticks >> 32 & 0xFFFF,
            ticks >> 48 & 0x0FFF | 0x1000,
            0x80,
            0x80,
            0x80 << 40 | int.from_bytes(digest[:5]),
        )
    )
