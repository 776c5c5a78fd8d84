"""The remote runs that actions have started, with the actions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dj_actions.console.screens.entries import database_of, moment_of
from dj_actions.messages import web_url
from dj_actions.models import Delivery
from dj_actions.outbox.queries import database_time
from dj_actions.outbox.times import aware
from dj_actions.outbox.timings import WINDOWS
from dj_actions.states import RemoteState

PERIOD = max(WINDOWS.values())
"""Seconds of which the usual duration is that of the runs that have ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One remote run, or the several ones of one delivery."""

    delivery: Delivery
    started_at: datetime
    seconds: float
    """How long it has taken, or has been running."""

    reason: str
    """Why it has failed or does not advance; empty if nothing is known."""

    is_long: bool
    """Whether it has been running for longer than 95 % of the runs of its publisher take."""

    @property
    def url(self) -> str:
        """Its page at the destination; empty without one that a browser may open."""
        return web_url(self.delivery.receipt_url)

    @property
    def pk(self) -> int:
        """Primary key of the delivery, by which pages continue."""
        return int(self.delivery.pk)


def run_rows(deliveries: Sequence[Delivery]) -> list[RunRow]:
    """Return the runs of deliveries that have one."""
    if not deliveries:
        return []
    using = database_of(deliveries[0])
    now = aware(database_time(using=using), using=using)
    usual = _usual_seconds({delivery.publisher for delivery in deliveries}, using=using)
    return [_row(delivery, now, usual) for delivery in deliveries]


def _usual_seconds(publishers: Iterable[str], *, using: str) -> Mapping[str, float]:
    """Return within how many seconds 95 % of the runs of each publisher have ended lately."""
    timings = {
        alias: Delivery.objects.using(using).timings(alias, seconds=PERIOD).running
        for alias in sorted(publishers)
    }
    return {alias: running.p95 for alias, running in timings.items() if running}


def _row(delivery: Delivery, now: datetime, usual: Mapping[str, float]) -> RunRow:
    started_at = moment_of(delivery, delivery.settled_at or delivery.queued_at)
    is_running = delivery.remote_state == RemoteState.RUNNING
    ended_at = delivery.remote_ended_at
    end = now if is_running or ended_at is None else moment_of(delivery, ended_at)
    seconds = max(0.0, (end - started_at).total_seconds())
    return RunRow(
        delivery=delivery,
        started_at=started_at,
        seconds=seconds if is_running else delivery.remote_duration or seconds,
        reason=delivery.failed_step or delivery.remote_hint,
        is_long=is_running and seconds > usual.get(delivery.publisher, float("inf")),
    )
