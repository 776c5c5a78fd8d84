"""What `run_relay --once` and `--drain` say about the deliveries that they leave pending."""

from __future__ import annotations

from collections.abc import Iterator

from dj_actions.cli.output import count_of, deliveries, display, duration, one_line
from dj_actions.models import PublisherState
from dj_actions.outbox.times import aware
from dj_actions.relay.lanes.pending_deliveries import PendingDeliveries


def pending_line(left: PendingDeliveries) -> str:
    """Return how many deliveries of a publisher are left pending, and why; empty if none are."""
    count = left.counts.due + left.counts.later
    if not count:
        return ""
    return one_line(f"{left.publisher}: {deliveries(count)} left pending: {'; '.join(_why(left))}.")


def _why(left: PendingDeliveries) -> Iterator[str]:
    if not left.is_configured:
        yield "the publisher is not configured in DJ_ACTIONS"
    if left.state is not None and left.is_paused:
        yield _pause(left.state)
    if left.state is not None and left.is_breaker_open:
        yield _breaker(left.state)
    if left.counts.blocked:
        yield f"{_wait(left.counts.blocked)} for an earlier one with the same ordering key"
    if left.is_claimable:
        yield _claimable(left)
    if left.counts.later:
        first = duration(max(0.0, left.counts.due_in or 0.0))
        yield f"{_wait(left.counts.later)} for a later attempt, the first for {first}"


def _breaker(state: PublisherState) -> str:
    until = state.open_until and aware(state.open_until, using=str(state._state.db))
    return f"circuit breaker open until {display(until)} UTC ({state.open_reason})"


def _pause(state: PublisherState) -> str:
    return f"paused by {state.paused_by or 'the system'} ({state.pause_reason})"


def _claimable(left: PendingDeliveries) -> str:
    count = left.counts.due - left.counts.blocked
    if left.allowed_in:
        moment = duration(left.allowed_in)
        return f"{_wait(count)} for RATE_LIMIT, which allows the next in {moment}"
    return f"{count} can be sent now"


def _wait(number: int) -> str:
    return count_of(number, "waits", "wait")
