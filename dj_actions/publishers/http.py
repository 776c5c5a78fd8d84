"""Helpers for publishers that use HTTP."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeGuard, TypeVar
from urllib.parse import urlsplit

from dj_actions.exceptions import PublisherMisconfigured, PublishError, without_secrets

__all__ = [
    "is_base_url",
    "is_timeout",
    "rate_limit_wait",
    "require_timeouts",
    "retry_after_seconds",
    "sentences",
    "with_status",
    "without_credentials",
    "without_secrets",
]

Error = TypeVar("Error", bound=PublishError)

MAX_HOST_LENGTH = 253
"""Characters, by RFC 1035."""

MAX_TIMEOUT = 3600.0
"""Seconds. A relay that is blocked for longer is not distinguishable from one that hangs."""


MIN_STATUS, MAX_STATUS = 100, 599

SECONDS = re.compile(r"\s*(\d+(?:\.\d+)?)\s*", re.ASCII)
"""A number of seconds in a header."""

EARLIEST_RESET = 1_000_000_000
"""From here on, a number is a moment, in seconds since 1970, and not a wait."""


def is_status(value: object) -> TypeGuard[int]:
    """Return whether a value is an HTTP status: a number from 100 to 599."""
    return isinstance(value, int) and MIN_STATUS <= value <= MAX_STATUS


def with_status(error: Error, status: object) -> Error:
    """Return an error with the HTTP status of the response, which the relay keeps and shows.

    Args:
        error: the error, which is changed.
        status: the status; a value that is not an HTTP status means that there was no response.
    """
    error.status = status if is_status(status) else None
    return error


def rate_limit_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a destination that limits the rate wants us to wait.

    Args:
        headers: of a response with status 429. Of `Retry-After` and `X-RateLimit-Reset` (a number
            of seconds, or of seconds since 1970), the first one that is valid counts.

    Returns:
        Seconds from now; None if no header has a valid value.
    """
    wait = retry_after_seconds(headers.get("Retry-After"))
    if wait is None:
        wait = retry_after_seconds(headers.get("X-RateLimit-Reset"))
        if wait is not None and wait >= EARLIEST_RESET:
            wait = max(0.0, wait - datetime.now(UTC).timestamp())
    return wait


def retry_after_seconds(header: str | None) -> float | None:
    """Return the seconds to wait according to a Retry-After header (RFC 9110, 10.2.3).

    Args:
        header: its value, a number of seconds or a date; None if the response has no such header.

    Returns:
        Seconds from now; None without a header, or if its value is invalid.
    """
    number = SECONDS.fullmatch(header or "")
    if number is None:
        return _seconds_until(header or "")
    seconds = float(number[1])
    return seconds if seconds < math.inf else None


def _seconds_until(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, LookupError, ArithmeticError):
        return None  # the parser raises whatever an absurd year or time zone leads to


def sentences(*parts: str) -> str:
    """Join parts of a message; each one ends with a full stop."""
    stripped = [part.strip() for part in parts]
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in stripped)


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
    return parts.scheme in {"http", "https"} and is_host(parts.hostname or "") and not any(rest)


def is_host(text: str) -> bool:
    """Return whether a string can be the name of a host, or an IP address."""
    if not text or any(character.isspace() for character in text):
        return False
    try:
        text.encode("idna")  # no empty label, none of more than 63 characters
    except UnicodeError:
        return False
    return len(text) <= MAX_HOST_LENGTH


def without_credentials(url: str) -> str:
    """Return a URL without its user and password, as it may be shown in a message."""
    # A password that is not quoted may contain slashes: everything up to the last @ may be one.
    scheme, separator, rest = url.partition("://") if "://" in url else ("", "", url)
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"


def is_timeout(seconds: float) -> bool:
    """Return whether a number of seconds can be the timeout of a request."""
    return 0 < seconds <= MAX_TIMEOUT


def require_timeouts(timeouts: tuple[float, float]) -> None:
    """Check the options `connect_timeout` and `timeout` before a request.

    Raises:
        PublisherMisconfigured: nothing could be sent with one of them.
    """
    for name, seconds in zip(("connect_timeout", "timeout"), timeouts, strict=True):
        if not is_timeout(seconds):
            raise PublisherMisconfigured(
                f"{name} is {seconds!r}, with which nothing is sent. Set it in OPTIONS to the "
                f"seconds to wait, above 0 and up to {MAX_TIMEOUT:g}."
            )
