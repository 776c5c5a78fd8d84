"""Helpers for publishers that talk HTTP."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

__all__ = ["is_base_url", "retry_after_seconds"]


def retry_after_seconds(header: str | None) -> float | None:
    """Read a Retry-After header, seconds or a date, as seconds (RFC 9110, 10.2.3).

    Returns:
        Seconds from now; None if there is no header, or it says nothing that makes sense.
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
    """Tell whether a text is scheme, host and port of a server and nothing else.

    A user or password in it would end up in stored links and error messages.
    """
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises for one that is no number, or too large
    except ValueError:
        return False
    rest = (parts.username, parts.password, parts.path.strip("/"), parts.query, parts.fragment)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(rest)
