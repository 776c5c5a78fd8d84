"""Types of command line arguments; each raises ArgumentTypeError for an invalid value."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from contextlib import suppress
from datetime import MAXYEAR, MINYEAR, UTC, datetime

from dj_actions.outbox.queries import MAX_ID

MAX_AGE = 36_500 * 86_400
"""Seconds in a hundred years; longer ages lead to dates that databases cannot represent."""

MAX_THRESHOLD = 365 * 86_400
"""Seconds in a year."""

NEVER = "never"
AGE = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)([hdw]?)")
MINUTES = re.compile(r"([0-9]{1,6})min")
SECONDS_PER_UNIT = {"": 3600, "h": 3600, "d": 86_400, "w": 7 * 86_400}


def delivery_id(text: str) -> int:
    """Return the id of a delivery."""
    if not _is_positive(text):
        raise ArgumentTypeError(f"{text!r} is not a delivery id; expected a positive integer")
    return int(text)


def positive_integer(text: str) -> int:
    """Return an integer greater than zero."""
    if not _is_positive(text):
        raise ArgumentTypeError(f"{text!r} is not a positive integer")
    return int(text)


def moment(text: str) -> datetime:
    """Return an ISO 8601 date and time, in UTC unless it has a time zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(
            f"{text!r} is not an ISO 8601 time; expected for example 2026-11-01T14:00:00Z"
        ) from None
    # In another time zone, the first and the last days of the calendar do not exist.
    if not MINYEAR < found.year < MAXYEAR:
        raise ArgumentTypeError(f"{text!r} is not between the years 2 and 9998")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def seconds(text: str) -> float:
    """Return a number of seconds between 0 and a year."""
    return _number(text, MAX_THRESHOLD, unit="seconds")


def minutes(text: str) -> float:
    """Return a number of minutes between 0 and a hundred years."""
    return _number(text, MAX_AGE // 60, unit="minutes")


def age(text: str) -> float | None:
    """Return an age in seconds, or None for `never`."""
    if text == NEVER:
        return None
    found = AGE.fullmatch(text)
    value = float(found[1]) * SECONDS_PER_UNIT[found[2]] if found else MAX_AGE + 1
    if value > MAX_AGE:
        raise ArgumentTypeError(
            f"{text!r} is not an age; expected hours, or 12h, 30d, 8w, up to 36500d, or never"
        )
    return value


def period(text: str) -> float:
    """Return a number of seconds from a number of hours, or from `30min`, `12h`, `30d`, `8w`."""
    if found := MINUTES.fullmatch(text):
        return float(found[1]) * 60
    with suppress(ArgumentTypeError):
        if (seconds_in_all := age(text)) is not None:
            return seconds_in_all
    raise ArgumentTypeError(
        f"{text!r} is not an age; expected hours, or 30min, 12h, 30d, 8w, up to 36500d"
    )


def _number(text: str, maximum: int, *, unit: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if 0 <= value <= maximum:
        return value
    raise ArgumentTypeError(f"{text!r} is not a number of {unit} between 0 and {maximum}")


def _is_positive(text: str) -> bool:
    # More than 20 digits are not converted: that would be slow for very long ones.
    return text.isdecimal() and text.isascii() and 0 < int(text[:20]) <= MAX_ID
