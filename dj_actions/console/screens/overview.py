"""The first screen: is anything wrong, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import router

from dj_actions.console.screens.causes import Cause, causes_of
from dj_actions.console.screens.publisher_rows import PublisherRow, Situation, publisher_rows
from dj_actions.models import ActionEvent, Delivery, RelayHeartbeat
from dj_actions.outbox.queries import MAX_FAILED_RUNS, MAX_GROUPED, RELAY_TIMEOUT
from dj_actions.outbox.times import aware
from dj_actions.outbox.timings import DAY

MAX_ACTIONS_COUNTED = 10_000
MAX_CAUSES = 10
"""Causes on the first screen; the page of dead letters has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayRow:
    """A relay that was seen lately."""

    name: str
    """Host and process id."""

    publishers: tuple[str, ...]
    seen_at: datetime
    seconds: float
    """Since its last heartbeat."""

    @property
    def is_alive(self) -> bool:
        """Whether its last heartbeat is recent enough."""
        return self.seconds <= RELAY_TIMEOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What the first screen shows."""

    now: datetime
    actions: int
    """Actions of the last 24 hours."""

    failed_actions: int
    failed_runs: int
    """Remote runs that ended in the last 24 hours, and failed."""

    publishers: Sequence[PublisherRow]
    relays: Sequence[RelayRow]
    causes: Sequence[Cause]

    @property
    def since(self) -> datetime:
        """When the 24 hours began for which actions and failed runs are counted."""
        return self.now - timedelta(seconds=DAY)

    @property
    def pending(self) -> int:
        """Number of pending deliveries."""
        return sum(row.open.pending for row in self.publishers)

    @property
    def retrying(self) -> int:
        """Number of pending deliveries that were tried before."""
        return sum(row.open.retrying for row in self.publishers)

    @property
    def oldest(self) -> datetime | None:
        """When the oldest pending delivery was queued; None without one."""
        times = (row.open.oldest_queued_at for row in self.publishers)
        return min((time for time in times if time), default=None)

    @property
    def dead(self) -> int:
        """Number of dead letters."""
        return sum(row.open.dead for row in self.publishers)

    @property
    def living_relays(self) -> int:
        """Number of relays that are alive."""
        return sum(relay.is_alive for relay in self.relays)

    @property
    def dead_relays(self) -> int:
        """Number of relays that were killed or got stuck."""
        return len(self.relays) - self.living_relays

    @property
    def has_more_pending(self) -> bool:
        """Whether there are more pending deliveries than were counted."""
        return any(row.has_more_pending for row in self.publishers)

    @property
    def has_more_dead(self) -> bool:
        """Whether there are more dead letters than were counted."""
        return any(row.has_more_dead for row in self.publishers)

    @property
    def has_more_causes(self) -> bool:
        """Whether only the newest dead letters of a publisher were grouped by cause."""
        return any(row.open.dead > MAX_GROUPED for row in self.publishers)

    @property
    def has_more_failed_runs(self) -> bool:
        """Whether there are more failed runs than were counted."""
        return self.failed_runs >= MAX_FAILED_RUNS

    @property
    def has_more_actions(self) -> bool:
        """Whether there are more actions than were counted."""
        return self.actions >= MAX_ACTIONS_COUNTED


def current_rows() -> Sequence[PublisherRow]:
    """Return all publishers as they are now."""
    using = router.db_for_write(Delivery)
    backlog = Delivery.objects.using(using).backlog()
    served = served_by(relay_rows(backlog.now, using=using))
    return publisher_rows(Situation.read(backlog, served=served, using=using))


def overview() -> Overview:
    """Read what the first screen shows, with few and bounded statements."""
    using = router.db_for_write(Delivery)
    deliveries = Delivery.objects.using(using)
    backlog = deliveries.backlog()
    relays = relay_rows(backlog.now, using=using)
    actions, failed_actions = ActionEvent.objects.using(using).recent_counts(
        since=backlog.now - timedelta(seconds=DAY), limit=MAX_ACTIONS_COUNTED
    )
    return Overview(
        now=backlog.now,
        actions=actions,
        failed_actions=failed_actions,
        failed_runs=backlog.failed_runs,
        publishers=publisher_rows(Situation.read(backlog, served=served_by(relays), using=using)),
        relays=relays,
        causes=causes_of(deliveries.failed(backlog.failing))[:MAX_CAUSES],
    )


def served_by(relays: Sequence[RelayRow]) -> set[str]:
    """Return the aliases of the publishers that a living relay serves."""
    return {alias for relay in relays if relay.is_alive for alias in relay.publishers}


def relay_rows(now: datetime, *, using: str) -> list[RelayRow]:
    """Return the relays that have not ended normally, the one seen last first."""
    return [
        RelayRow(
            name=str(relay),
            publishers=tuple(relay.publishers),
            seen_at=aware(relay.seen_at, using=using),
            seconds=max(0.0, (now - aware(relay.seen_at, using=using)).total_seconds()),
        )
        for relay in RelayHeartbeat.objects.using(using).order_by("-seen_at")
    ]
