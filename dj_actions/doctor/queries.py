"""Read-only queries of the checks: of the outbox and of the relays.

Ages are by the database's clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, Min
from django.db.models.functions import Now

from dj_actions.outbox.queries.clock import database_time, from_now
from dj_actions.states import DeliveryState

if TYPE_CHECKING:
    from dj_actions.outbox.queries.deliveries import DeliveryQuerySet
    from dj_actions.outbox.queries.heartbeats import RelayHeartbeatQuerySet

MAX_STALLED = 10_000
"""Remote runs of which the reasons are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherBacklog:
    """The deliveries of one publisher that are in the same situation."""

    publisher: str
    count: int

    age: float
    """Seconds since the oldest of them got into it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """The latest heartbeat of a relay."""

    relay: str
    """Host and process id, for example `web-1:4711`."""

    age: float
    """Seconds since the heartbeat."""


def pending(rows: DeliveryQuerySet) -> list[PublisherBacklog]:
    """Return the pending deliveries by publisher."""
    return _by_publisher(rows.filter(state=DeliveryState.PENDING), "queued_at")


def unfinished(rows: DeliveryQuerySet) -> list[PublisherBacklog]:
    """Return the open deliveries by publisher."""
    return _by_publisher(rows.open(), "queued_at")


def dead(rows: DeliveryQuerySet) -> list[PublisherBacklog]:
    """Return the dead letters by publisher."""
    return _by_publisher(rows.filter(state=DeliveryState.DEAD), "settled_at")


def expired(rows: DeliveryQuerySet, *, seconds: float) -> list[PublisherBacklog]:
    """Return the deliveries whose lease expired more than `seconds` ago, by publisher."""
    leased = rows.filter(state=DeliveryState.SENDING, lease_expires_at__lt=from_now(-seconds))
    return _by_publisher(leased, "lease_expires_at")


def of_unknown_publishers(rows: DeliveryQuerySet, known: Iterable[str]) -> list[PublisherBacklog]:
    """Return the open deliveries for publishers that are not configured, by publisher."""
    return _by_publisher(rows.of_unknown_publishers(known), "queued_at")


def stalled(rows: DeliveryQuerySet) -> dict[tuple[str, str], int]:
    """Count the remote runs that do not advance: publisher and reason → their number."""
    blocked = rows.stalled().order_by("publisher", "pk").values_list("publisher", "remote_report")
    return dict(Counter((alias, report["hint"]) for alias, report in blocked[:MAX_STALLED]))


def latest_heartbeat(rows: RelayHeartbeatQuerySet, *, host: str | None = None) -> Heartbeat | None:
    """Return the latest heartbeat of any relay, or of any relay on one host."""
    of_host = rows if host is None else rows.filter(host=host)
    found = of_host.annotate(database_time=Now()).order_by("-seen_at").first()
    if found is None:
        return None
    now = found.database_time  # type: ignore[attr-defined]  # annotated
    return Heartbeat(relay=str(found), age=_seconds(now, found.seen_at))


def silent_heartbeats(
    rows: RelayHeartbeatQuerySet, *, silent: float, within: float
) -> list[Heartbeat]:
    """Return the relays that were killed or got stuck, the latest first.

    Args:
        rows: heartbeats.
        silent: seconds since the heartbeat from which a relay counts as dead.
        within: seconds since the heartbeat of those that are still of interest.
    """
    recent = rows.seen_within(within).exclude(seen_at__gte=from_now(-silent))
    found = recent.annotate(database_time=Now()).order_by("-seen_at")
    return [
        Heartbeat(
            relay=str(row),
            age=_seconds(row.database_time, row.seen_at),  # type: ignore[attr-defined]  # annotated
        )
        for row in found
    ]


def _by_publisher(rows: DeliveryQuerySet, moment: str) -> list[PublisherBacklog]:
    counted = rows.order_by().values_list("publisher").annotate(Count("pk"), Min(moment))
    found = list(counted.order_by("publisher"))
    now = database_time(using=rows.db)
    return [
        PublisherBacklog(publisher=publisher, count=count, age=_seconds(now, oldest))
        for publisher, count, oldest in found
    ]


def _seconds(now: datetime, then: datetime) -> float:
    return max(0.0, (now - then).total_seconds())
