"""Rate limits: how many calls of an endpoint a time window permits.

The windows are fixed, one minute, 15 minutes and one hour long, as those of Stream. The calls are
counted in the site's default cache: several processes share a count only if they share the cache.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest

from dj_actions_stream.server.conf import SETTING, configuration

HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
WINDOWS: Mapping[str, int] = {"minute": 60, "quarter": 15 * 60, "hour": 60 * 60}
"""The lengths of the windows in seconds."""

HOSTED = "hosted"
"""Select the limits that Stream documents for a hosted app."""

UNLIMITED = 1_000_000
"""The calls in a minute without a limit in the settings: more than the server can answer."""

HOSTED_LIMITS: Mapping[str, tuple[int, int, int]] = {
    "add_activity": (1_000, 12_000, 48_000),
    "remove_activity": (300, 3_600, 14_400),
    "update_activities": (250, 3_000, 12_000),
    "update_targets": (250, 3_000, 12_000),
    "read_feed": (2_000, 24_000, 96_000),
    "follow": (500, 6_000, 24_000),
    "unfollow": (250, 3_000, 12_000),
    "read_followers": (200, 2_400, 9_600),
    "read_following": (500, 6_000, 24_000),
    "follow_many": (250, 3_000, 12_000),
    "change_collections": (250, 3_000, 12_000),
    "collections": (1_000, 10_000, 100_000),
    "users": (1_000, 10_000, 100_000),
}

_FEED = r"(?:enrich/)?feed/[^/]+/[^/]+/"
# The first pattern that matches the method and the path names the endpoint.
_ENDPOINTS = tuple(
    (name, re.compile(f"{method} {path}"))
    for name, method, path in (
        ("follow", "POST", _FEED + "follow(?:s|ing)/"),
        ("unfollow", "DELETE", _FEED + "follow(?:s|ing)/[^/]+/"),
        ("read_following", "GET", _FEED + "follow(?:s|ing)/"),
        ("read_followers", "GET", _FEED + "followers/"),
        ("add_activity", "POST", "feed/add_to_many/"),
        ("add_activity", "POST", _FEED),
        ("remove_activity", "DELETE", _FEED + "[^/]+/"),
        ("read_feed", "GET", _FEED),
        ("update_targets", "POST", "feed_targets/.*"),
        ("update_activities", "POST", "activit(?:y|ies)/"),
        ("read_activities", "GET", "(?:enrich/)?activities/"),
        ("follow_many", "POST", "(?:un)?follow_many/"),
        ("change_collections", "(?:POST|GET|DELETE)", "collections/"),
        ("collections", r"\w+", "collections/.*"),
        ("users", r"\w+", "users?/.*"),
        ("reactions", r"\w+", "reaction/.*"),
    )
)
OTHER = "other"
ENDPOINTS = frozenset({name for name, _ in _ENDPOINTS} | {OTHER})
_VERSIONED_PATH = re.compile(r"/(?P<service>\w+)/v1\.0/(?P<path>.*)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """What remains of a limit in a window.

    Attributes:
        limit: the calls that the window permits.
        used: the calls that were made in it, with the current one.
        reset: the end of the window, in seconds since 1970.
    """

    limit: int
    used: int
    reset: int

    @property
    def remaining(self) -> int:
        """The calls that are left."""
        return max(0, self.limit - self.used)

    @property
    def is_exceeded(self) -> bool:
        """Whether the current call is one too many."""
        return self.used > self.limit

    def headers(self) -> Mapping[str, str]:
        """Return the headers of the response."""
        values = (self.limit, self.remaining, self.reset)
        return dict(zip(HEADERS, map(str, values), strict=True))


def count(request: HttpRequest) -> Quota:
    """Count a request, and return the quota of the window with the fewest calls left."""
    endpoint, now = endpoint_of(request), int(time.time())
    quotas = [_count(endpoint, window, limit, now) for window, limit in limits_of(endpoint).items()]
    return min(quotas, key=lambda quota: (quota.limit - quota.used, -quota.reset))


def endpoint_of(request: HttpRequest) -> str:
    """Return the name of the endpoint, under which its calls are limited."""
    match = _VERSIONED_PATH.fullmatch(request.path)
    if match is None or match["service"] != "api":
        return OTHER
    called = f"{request.method} {match['path']}"
    return next((name for name, pattern in _ENDPOINTS if pattern.fullmatch(called)), OTHER)


def limits_of(endpoint: str) -> Mapping[str, int]:
    """Return the limits of an endpoint by window: those of the settings, else a large one."""
    declared = configuration().get("RATE_LIMITS") or {}
    limit: Any = HOSTED_LIMITS.get(endpoint) if declared == HOSTED else declared.get(endpoint)
    if limit is None:
        return {"minute": UNLIMITED}
    if isinstance(limit, int):
        return {"minute": limit}
    if isinstance(limit, tuple):
        return dict(zip(WINDOWS, limit, strict=True))
    return dict(limit)


def invalid_limits(declared: object) -> Iterator[str]:
    """Yield what is wrong with each limit in the setting."""
    if declared in (None, HOSTED):
        return
    if not isinstance(declared, Mapping):
        yield f"it must be {HOSTED!r} or a mapping of endpoints to limits"
        return
    for endpoint, limit in declared.items():
        if endpoint not in ENDPOINTS:
            yield f"there is no endpoint {endpoint!r}; they are {', '.join(sorted(ENDPOINTS))}"
        elif not _is_limit(limit):
            yield (
                f"{endpoint!r} has the limit {limit!r}; write calls for each minute, or a mapping "
                f"of {', '.join(WINDOWS)} to calls"
            )


def exceeded_message(quota: Quota) -> str:
    """Return what to say to a client that has used up a window."""
    return (
        f"The limit of {quota.limit} calls is used up until {quota.reset}. "
        f"{SETTING}['RATE_LIMITS'] sets the limits."
    )


def _is_limit(limit: object) -> bool:
    if isinstance(limit, Mapping):
        return bool(limit) and all(
            window in WINDOWS and _is_number(calls) for window, calls in limit.items()
        )
    return _is_number(limit)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _count(endpoint: str, window: str, limit: int, now: int) -> Quota:
    length = WINDOWS[window]
    start = now - now % length
    key = f"feeds_server:{endpoint}:{window}:{start}"
    cache.add(key, 0, timeout=length * 2)
    try:
        used = cache.incr(key)
    except ValueError:  # it was evicted in between
        used = 1
    return Quota(limit=limit, used=used, reset=start + length)
