"""The publishers: what each one does now, in words and in numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dj_actions.conf import get_settings
from dj_actions.console.screens.sparkline import Sparkline
from dj_actions.console.screens.status import Status, Tone
from dj_actions.console.screens.times import NOTHING
from dj_actions.models import Delivery, DeliveryCount, PublisherState
from dj_actions.outbox.queries import (
    MAX_COUNTED,
    NO_COUNTS,
    Backlog,
    OpenCounts,
    RecentCounts,
    first_period,
)
from dj_actions.outbox.times import aware
from dj_actions.outbox.timings import DAY, Timings

PAUSED = Status(word=_("paused"), symbol="‖", tone=Tone.NEUTRAL)
STOPPED = Status(word=_("circuit breaker open"), symbol="✗", tone=Tone.BAD)
UNSERVED = Status(word=_("no relay"), symbol="✗", tone=Tone.BAD)
FAILING = Status(word=_("has dead letters"), symbol="▲", tone=Tone.BAD)
RETRYING = Status(word=_("retrying"), symbol="↻", tone=Tone.BUSY)
LIMITED = Status(word=_("rate limited"), symbol="◐", tone=Tone.BUSY)
HEALTHY = Status(word=_("healthy"), symbol="●", tone=Tone.GOOD)
NOT_CONFIGURED = Status(word=_("not configured"), symbol="?", tone=Tone.BAD)

NO_OPEN = OpenCounts()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherStatus:
    """What a person has to know first about a publisher."""

    status: Status
    explanation: str = ""
    """Who or what stops it, and why; empty if nothing does."""

    since: datetime | None = None
    """Since when it has been paused, or its circuit breaker open."""

    next_probe: datetime | None = None
    """When a message probes whether its destination responds again."""

    limited_until: datetime | None = None
    """Until when its rate limit allows no message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherRow:
    """One publisher, as the overview and the list of publishers show it."""

    alias: str
    now: PublisherStatus
    open: OpenCounts
    recent: RecentCounts
    """What its relays have delivered in the last 24 hours, and what has failed."""

    counted_since: datetime
    """When the first period of these counts began."""

    timings: Timings | None
    """How long that took; None if it is not configured."""

    is_paused: bool = False
    is_configured: bool = True

    @property
    def has_more_pending(self) -> bool:
        """Whether there are more pending deliveries than were counted."""
        return self.open.pending >= MAX_COUNTED

    @property
    def has_more_dead(self) -> bool:
        """Whether there are more dead letters than were counted."""
        return self.open.dead >= MAX_COUNTED

    @property
    def sparkline(self) -> Sparkline:
        """The last 24 hours as a picture."""
        return Sparkline.of(self.recent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known of all publishers at one moment."""

    backlog: Backlog
    states: Mapping[str, PublisherState]
    recent: Mapping[str, RecentCounts]
    timings: Mapping[str, Timings]
    served: Collection[str]
    """Aliases of the publishers that a living relay serves."""

    @classmethod
    def read(cls, backlog: Backlog, *, served: Collection[str], using: str) -> Situation:
        """Read what else is known, with three statements, whatever the number of publishers.

        Args:
            backlog: what waits.
            served: aliases of the publishers that a living relay serves.
            using: alias of the database.
        """
        deliveries = Delivery.objects.using(using)
        states = PublisherState.objects.using(using).publishers()
        aliases = list(get_settings().publishers)
        return cls(
            backlog=backlog,
            states={state.alias: state for state in states},
            recent=DeliveryCount.objects.using(using).recent(backlog.now),
            timings=deliveries.timings_of(aliases, seconds=DAY) if aliases else {},
            served=served,
        )


def publisher_rows(situation: Situation) -> Sequence[PublisherRow]:
    """Return all publishers: the configured ones, and others that have open deliveries."""
    configured = get_settings().publishers
    others = situation.backlog.counts.keys() - configured.keys()
    return [_row(alias, situation) for alias in (*configured, *sorted(others))]


def _row(alias: str, situation: Situation) -> PublisherRow:
    state = situation.states.get(alias)
    return PublisherRow(
        alias=alias,
        now=_status(alias, state, situation),
        open=situation.backlog.counts.get(alias, NO_OPEN),
        recent=situation.recent.get(alias, NO_COUNTS),
        counted_since=first_period(situation.backlog.now),
        timings=situation.timings.get(alias),
        is_paused=bool(state and state.paused_at),
        is_configured=alias in get_settings().publishers,
    )


def _status(alias: str, state: PublisherState | None, situation: Situation) -> PublisherStatus:
    if alias not in get_settings().publishers:
        text = gettext("It has open deliveries, but no entry in the settings.")
        return PublisherStatus(status=NOT_CONFIGURED, explanation=text)
    if state and state.paused_at:
        return PublisherStatus(
            status=PAUSED, explanation=_paused_text(state), since=_time(state, state.paused_at)
        )
    if state and state.open_until:
        return _stopped(state, situation.backlog.now)
    if alias not in situation.served:
        text = gettext("No relay that serves it was seen lately.")
        return PublisherStatus(status=UNSERVED, explanation=text)
    return _status_of_flowing(alias, state, situation)


def _stopped(state: PublisherState, now: datetime) -> PublisherStatus:
    probe = _time(state, state.open_until)
    is_due = probe is not None and probe <= now
    text = gettext("The next message probes.") if is_due else ""
    return PublisherStatus(
        status=STOPPED,
        explanation=f"{_open_text(state)} {text}".rstrip(),
        since=_time(state, state.opened_at),
        next_probe=None if is_due else probe,
    )


def _status_of_flowing(
    alias: str, state: PublisherState | None, situation: Situation
) -> PublisherStatus:
    """Return the status of a publisher that nothing stops."""
    counts = situation.backlog.counts.get(alias, NO_OPEN)
    if counts.dead:
        return PublisherStatus(status=FAILING)
    next_send = _time(state, state.next_send_at) if state else None
    if next_send and next_send > situation.backlog.now:
        text = gettext("RATE_LIMIT allows no message before then.")
        return PublisherStatus(status=LIMITED, explanation=text, limited_until=next_send)
    return PublisherStatus(status=RETRYING if counts.retrying else HEALTHY)


def _time(state: PublisherState, time: datetime | None) -> datetime | None:
    return time and aware(time, using=str(state._state.db))


def _paused_text(state: PublisherState) -> str:
    by = state.paused_by or gettext("the system")
    values: Mapping[str, Any] = {"user": by, "reason": state.pause_reason or NOTHING}
    return gettext("By %(user)s: %(reason)s") % values


def _open_text(state: PublisherState) -> str:
    reason = state.open_reason or NOTHING
    if not state.failures:  # wrong settings, or the destination has asked for a pause
        return reason
    return gettext("After %(failures)d failures: %(reason)s") % {
        "failures": state.failures,
        "reason": reason,
    }
