"""The remote runs that actions have started, with the actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dj_actions.console.screens.entries import database_of, moment_of
from dj_actions.messages import web_url
from dj_actions.models import Delivery
from dj_actions.outbox.queries import database_time
from dj_actions.outbox.times import aware
from dj_actions.outbox.timings import WINDOWS, UsualRun
from dj_actions.states import RemoteState

PERIOD = max(WINDOWS.values())
"""Seconds of which the usual duration is that of the runs that have ended."""

MIN_RUNS = 3
"""Runs of a DAG without which no duration is usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One remote run, or the several ones of one delivery."""

    delivery: Delivery
    started_at: datetime
    seconds: float
    """How long it has taken, or has been running."""

    reason: str
    """Why it has failed or does not advance; empty if nothing is known."""

    log_line: str
    """The last line of the failed step's log; empty if it is not known."""

    exceeded: UsualRun | None
    """How long the runs of its DAG took lately, if it has been running for longer than 95 % of
    them."""

    @property
    def runs(self) -> int:
        """How many runs the delivery has started."""
        return len(self.delivery.receipt_parts) or 1

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
    running = {row.publisher for row in deliveries if row.remote_state == RemoteState.RUNNING}
    usual = Delivery.objects.using(using).usual_runs_of(sorted(running), seconds=PERIOD)
    return [_row(delivery, now, usual) for delivery in deliveries]


def last_log_line(delivery: Delivery) -> str:
    """Return the last line of the log of the step that failed, as far as it is known."""
    lines = (delivery.remote_failure or {}).get("log") or []
    return str(lines[-1]) if lines else ""


def _row(delivery: Delivery, now: datetime, usual: Mapping[str, Mapping[str, UsualRun]]) -> RunRow:
    started_at = moment_of(delivery, delivery.settled_at or delivery.queued_at)
    is_running = delivery.remote_state == RemoteState.RUNNING
    ended_at = delivery.remote_ended_at
    end = now if is_running or ended_at is None else moment_of(delivery, ended_at)
    seconds = max(0.0, (end - started_at).total_seconds())
    others = usual.get(delivery.publisher, {}).get(delivery.receipt_scope) if is_running else None
    is_known = others is not None and others.runs >= MIN_RUNS
    return RunRow(
        delivery=delivery,
        started_at=started_at,
        seconds=seconds if is_running else delivery.remote_duration or seconds,
        reason=delivery.failed_step or delivery.remote_hint,
        log_line=last_log_line(delivery),
        exceeded=others if others and is_known and seconds > others.seconds.p95 else None,
    )
