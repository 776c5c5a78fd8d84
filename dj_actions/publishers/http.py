"""Helpers for publishers that use HTTP."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

__all__ = ["is_base_url", "retry_after_seconds"]


def retry_after_seconds(header: str | None) -> float | None:
    """Return the seconds to wait according to a Retry-After header (RFC 9110, 10.2.3).

    Args:
        header: its value, a number of seconds or a date; None if the response has no such header.

    Returns:
        Seconds from now; None without a header, or if its value is invalid.
    """
    try:
        seconds = float(header or "")
    except ValueError:
        return _seconds_until(header or "")
    return seconds if 0 <= seconds < math.inf else None


def _seconds_until(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def is_base_url(text: str) -> bool:
    """Return whether a string is a URL with a scheme, a host and optionally a port only.

    A user or password in a URL would end up in stored links and error messages.
    """
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises ValueError if it is not a valid port
    except ValueError:
        return False
    rest = (parts.username, parts.password, parts.path.strip("/"), parts.query, parts.fragment)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(rest)
