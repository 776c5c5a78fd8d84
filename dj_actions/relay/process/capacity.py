"""How many lanes a publisher has in a relay, and how many database connections a relay takes."""

from __future__ import annotations

from collections.abc import Iterable

from dj_actions.conf import Settings
from dj_actions.exceptions import InvalidSetting
from dj_actions.publishers.handler import publisher_class, supports_tracking

OWN_CONNECTIONS = 3
"""Connections that each relay keeps: of its main thread, for its leases, for its heartbeat."""


def lanes_of(alias: str, settings: Settings) -> int:
    """Return how many lanes of one relay serve a publisher; one, if it cannot be imported."""
    entry = settings.publishers[alias]
    if entry.concurrency is not None:
        return entry.concurrency
    try:
        return publisher_class(alias, entry).default_concurrency
    except InvalidSetting:
        return 1


def aliases_of_lanes(aliases: Iterable[str], settings: Settings) -> list[str]:
    """Return the publisher of each lane of a relay that serves these publishers."""
    return [alias for alias in aliases for _ in range(lanes_of(alias, settings))]


def connections_of_relay(settings: Settings) -> int:
    """Return how many PostgreSQL connections a relay takes that serves all publishers.

    Each thread keeps its own: one for each lane, and one for each publisher whose remote runs
    are tracked. One more listens to notifications.
    """
    lanes = sum(lanes_of(alias, settings) for alias in settings.publishers)
    trackers = sum(supports_tracking(alias, settings) for alias in settings.publishers)
    return OWN_CONNECTIONS + lanes + trackers + settings.notify
