"""The first screen: is anything wrong, and where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import router

from dj_actions.console.screens.causes import Cause, causes_of
from dj_actions.console.screens.publishers import PublisherRow, Situation, publisher_rows
from dj_actions.models import ActionEvent, Delivery, PublisherState, RelayHeartbeat
from dj_actions.outbox.queries import (
    MAX_COUNTED,
    RELAY_TIMEOUT,
    FailedDelivery,
    database_time,
)
from dj_actions.outbox.times import aware

DAY = 86_400.0
"""Seconds."""

MAX_ACTIONS_COUNTED = 10_000
MAX_RUNS_COUNTED = 1000
MAX_CAUSES = 10
"""Causes on the first screen; the page of dead letters has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayRow:
    """A relay that was seen lately."""

    name: str
    """Host and process id."""

    publishers: tuple[str, ...]
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
    def pending(self) -> int:
        """Number of pending deliveries."""
        return sum(row.waiting.pending for row in self.publishers if row.waiting)

    @property
    def retrying(self) -> int:
        """Number of pending deliveries that were tried before."""
        return sum(row.waiting.retrying for row in self.publishers if row.waiting)

    @property
    def oldest(self) -> datetime | None:
        """When the oldest pending delivery was queued; None without one."""
        return min(
            (row.waiting.oldest_queued_at for row in self.publishers if row.waiting), default=None
        )

    @property
    def dead(self) -> int:
        """Number of dead letters."""
        return sum(row.dead for row in self.publishers)

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
        return self.pending >= MAX_COUNTED

    @property
    def has_more_failed_runs(self) -> bool:
        """Whether there are more failed runs than were counted."""
        return self.failed_runs >= MAX_RUNS_COUNTED

    @property
    def has_more_actions(self) -> bool:
        """Whether there are more actions than were counted."""
        return self.actions >= MAX_ACTIONS_COUNTED


def overview() -> Overview:
    """Read what the first screen shows, with few and bounded statements."""
    using = router.db_for_write(Delivery)
    now = aware(database_time(using=using), using=using)
    relays = relay_rows(now, using=using)
    failed = Delivery.objects.using(using).failed()
    actions, failed_actions = ActionEvent.objects.using(using).recent_counts(
        seconds=DAY, limit=MAX_ACTIONS_COUNTED
    )
    return Overview(
        now=now,
        actions=actions,
        failed_actions=failed_actions,
        failed_runs=Delivery.objects.using(using).count_failed_runs(
            since=now - timedelta(seconds=DAY), limit=MAX_RUNS_COUNTED
        ),
        publishers=publisher_rows(situation(now, relays, failed, using=using)),
        relays=relays,
        causes=causes_of(failed)[:MAX_CAUSES],
    )


def situation(
    now: datetime, relays: Sequence[RelayRow], failed: Sequence[FailedDelivery], *, using: str
) -> Situation:
    """Read the states of the publishers and their queues."""
    return Situation(
        now=now,
        states={state.alias: state for state in PublisherState.objects.using(using).publishers()},
        waiting=Delivery.objects.using(using).waiting_counts(),
        dead=Counter(delivery.publisher for delivery in failed),
        served={alias for relay in relays if relay.is_alive for alias in relay.publishers},
    )


def relay_rows(now: datetime, *, using: str) -> list[RelayRow]:
    """Return the relays that have not ended normally, the one seen last first."""
    return [
        RelayRow(
            name=str(relay),
            publishers=tuple(relay.publishers),
            seconds=max(0.0, (now - aware(relay.seen_at, using=using)).total_seconds()),
        )
        for relay in RelayHeartbeat.objects.using(using).order_by("-seen_at")
    ]
