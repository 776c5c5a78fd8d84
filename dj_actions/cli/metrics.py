"""`outbox metrics`: the state of the outbox in the text format of Prometheus.

https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db import router

from dj_actions.cli.inspection import recent_counts
from dj_actions.cli.output import Answer
from dj_actions.conf import get_settings
from dj_actions.models import Delivery, PublisherState
from dj_actions.outbox.queries import NO_COUNTS
from dj_actions.outbox.timings import WINDOWS, Percentiles
from dj_actions.states import DeliveryState

HELP: Mapping[str, str] = {
    "dj_actions_deliveries": "Deliveries that are not delivered or cancelled, by state.",
    "dj_actions_oldest_pending_seconds": "Age of the oldest pending delivery.",
    "dj_actions_publisher_paused": "Whether an operator has paused the publisher.",
    "dj_actions_publisher_breaker_open": "Whether the circuit breaker of the publisher is open.",
    "dj_actions_recent_attempts": "Attempts of the last 24 hours, by outcome; relays count them.",
    "dj_actions_recent_deliveries": "Deliveries in the window from which percentiles are computed.",
    "dj_actions_waiting_seconds": "Time from the commit to the first attempt, in the window.",
    "dj_actions_sending_seconds": "Time of the attempt that succeeded, in the window.",
    "dj_actions_running_seconds": "Time from the receipt to the end of the run, in the window.",
}
"""Name of each metric → what it is; all are gauges."""

COUNTED_STATES = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.DEAD)
"""States whose deliveries are counted: each has an index, and few deliveries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One value of a metric."""

    name: str
    labels: Mapping[str, str]
    value: float

    def __str__(self) -> str:
        labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in self.labels.items())
        return f"{self.name}{{{labels}}} {self.value!r}"


def show_metrics(_options: Mapping[str, Any]) -> Answer:
    """Return the metrics of all configured publishers."""
    samples = list(_samples())
    lines = [line for name, text in HELP.items() for line in _lines(name, text, samples)]
    return Answer(text="\n".join(lines), data=[asdict(sample) for sample in samples])


def _samples() -> Iterator[Sample]:
    aliases = list(get_settings().publishers)
    yield from _counts(aliases)
    yield from _states(aliases)
    yield from _recent(aliases)
    yield from _timings(aliases)


def _counts(aliases: Iterable[str]) -> Iterator[Sample]:
    rows = Delivery.objects.using(router.db_for_write(Delivery))
    for state in COUNTED_STATES:
        found = {entry.publisher: entry for entry in rows.filter(state=state).stats()}
        for alias in dict.fromkeys((*aliases, *found)):
            entry = found.get(alias)
            labels = {"publisher": alias, "state": state.value}
            count = entry.counts[state] if entry else 0
            yield Sample(name="dj_actions_deliveries", labels=labels, value=count)
            if state is DeliveryState.PENDING:
                age = (entry.oldest_pending if entry else None) or 0.0
                labels = {"publisher": alias}
                yield Sample(name="dj_actions_oldest_pending_seconds", labels=labels, value=age)


def _states(aliases: Iterable[str]) -> Iterator[Sample]:
    rows = PublisherState.objects.using(router.db_for_write(PublisherState)).publishers()
    states = {state.alias: state for state in rows}
    for alias in aliases:
        state, labels = states.get(alias), {"publisher": alias}
        is_paused = state is not None and state.paused_at is not None
        is_open = state is not None and state.open_until is not None
        yield Sample(name="dj_actions_publisher_paused", labels=labels, value=int(is_paused))
        yield Sample(name="dj_actions_publisher_breaker_open", labels=labels, value=int(is_open))


def _recent(aliases: Iterable[str]) -> Iterator[Sample]:
    found = recent_counts(router.db_for_write(Delivery))
    for alias in aliases:
        counts = found.get(alias, NO_COUNTS)
        for outcome, value in (("delivered", counts.delivered), ("failed", counts.failed)):
            labels = {"publisher": alias, "outcome": outcome}
            yield Sample(name="dj_actions_recent_attempts", labels=labels, value=value)


def _timings(aliases: Collection[str]) -> Iterator[Sample]:
    rows = Delivery.objects.using(router.db_for_write(Delivery))
    for window, seconds in WINDOWS.items():
        for alias, timings in rows.timings_of(aliases, seconds=seconds).items():
            labels = {"publisher": alias, "window": window.replace(" ", "")}
            count = timings.deliveries
            yield Sample(name="dj_actions_recent_deliveries", labels=labels, value=count)
            yield from _percentiles("dj_actions_waiting_seconds", labels, timings.waiting)
            yield from _percentiles("dj_actions_sending_seconds", labels, timings.sending)
            yield from _percentiles("dj_actions_running_seconds", labels, timings.running)


def _percentiles(
    name: str, labels: Mapping[str, str], percentiles: Percentiles | None
) -> Iterator[Sample]:
    if percentiles is None:
        return
    for percentile, value in asdict(percentiles).items():
        quantile = f"0.{percentile.removeprefix('p').rstrip('0')}"
        yield Sample(name=name, labels={**labels, "quantile": quantile}, value=value)


def _lines(name: str, text: str, samples: Iterable[Sample]) -> Iterator[str]:
    found = [str(sample) for sample in samples if sample.name == name]
    if found:
        yield f"# HELP {name} {text}"
        yield f"# TYPE {name} gauge"
        yield from found


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
