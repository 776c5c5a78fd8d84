"""Queries and transitions of the state that relays share about a publisher.

All times are the database's own. A publisher without a row is neither paused nor failing.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db import transaction
from django.db.models import Case, F, Q, When
from django.db.models.functions import Coalesce, Greatest, Now

from dj_actions.outbox.queries.base import RecordQuerySet
from dj_actions.outbox.queries.clock import from_now

if TYPE_CHECKING:
    from dj_actions.models import PublisherState

NO_PUBLISHER = ""
"""Alias of the row that has the environment of the data in `open_reason`."""

BURST = 1.0
"""Seconds whose share of the rate limit may be sent at once."""


class PublisherStateQuerySet(RecordQuerySet["PublisherState"]):
    """Queries of publishers; each transition is atomic, so that relays cannot disagree."""

    def pause(self, alias: str, *, by: str, reason: str) -> bool:
        """Pause a publisher; return False if it was paused already."""
        rows = self._on_write_database()
        rows.get_or_create(alias=alias)
        active = rows.filter(alias=alias, paused_at=None)
        return active.update(paused_at=Now(), paused_by=by, pause_reason=reason) == 1

    def resume(self, alias: str) -> bool:
        """Resume a publisher; return False if it was not paused."""
        paused = self._on_write_database().filter(alias=alias).exclude(paused_at=None)
        return paused.update(paused_at=None, paused_by="", pause_reason="") == 1

    def publishers(self) -> Self:
        """Return all rows of publishers."""
        return self.exclude(alias=NO_PUBLISHER)

    def environment(self) -> str:
        """Return the environment that the data belong to; empty if they belong to none."""
        own = self._on_write_database().filter(alias=NO_PUBLISHER)
        return own.values_list("open_reason", flat=True).first() or ""

    def bind_environment(self, name: str) -> None:
        """Let data that belong to no environment belong to this one."""
        rows = self._on_write_database()
        rows.get_or_create(alias=NO_PUBLISHER, defaults={"open_reason": name})

    def adopt_environment(self, name: str) -> bool:
        """Let the data belong to this environment, or to none; return whether they did not."""
        rows = self._on_write_database()
        if rows.environment() == name:
            return False
        if name:
            rows.update_or_create(alias=NO_PUBLISHER, defaults={"open_reason": name})
        else:
            rows.filter(alias=NO_PUBLISHER).delete()
        return True

    def paused(self) -> Self:
        """Return the publishers that are paused."""
        return self.exclude(paused_at=None)

    def find(self, alias: str) -> PublisherState | None:
        """Return the state of a publisher with its `read_at`, or None if it has no row."""
        rows = self._on_write_database().filter(alias=alias).annotate(database_time=Now())
        state = rows.first()
        if state:
            state.read_at = state.database_time  # type: ignore[attr-defined]  # annotated above
        return state

    def count_failure(self, alias: str) -> int:
        """Count a message that failed because of its destination; return the new count."""
        rows = self._on_write_database()
        rows.get_or_create(alias=alias)
        rows.filter(alias=alias).update(failures=F("failures") + 1)
        return rows.values_list("failures", flat=True).get(alias=alias)

    def open_breaker(
        self, alias: str, *, seconds: float, reason: str, probing: bool = False
    ) -> None:
        """Open the circuit breaker: send nothing for some seconds.

        Args:
            seconds: how long; it does not shorten what another relay has set.
            reason: the error that opened it.
            probing: whether the caller holds the right to probe, and so may shorten it.
        """
        rows = self._on_write_database()
        rows.get_or_create(alias=alias)
        until = from_now(seconds)
        if not probing:
            until = Greatest(until, Coalesce(F("open_until"), until))
        # An earlier release closes it without this column.
        opened_at = Case(When(open_until=None, then=Now()), default=Coalesce("opened_at", Now()))
        rows.filter(alias=alias).update(
            open_until=until, probes=F("probes") + 1, open_reason=reason, opened_at=opened_at
        )

    def take_probe(self, alias: str, *, seconds: float) -> bool:
        """Take the right to send one message to a publisher whose breaker is half-open.

        Args:
            seconds: until another relay may probe, if the caller is killed.

        Returns:
            False if the breaker is not half-open, or another relay is probing.
        """
        rows = self._on_write_database()
        half_open = rows.filter(alias=alias, paused_at=None, open_until__lte=Now())
        return half_open.update(open_until=from_now(seconds)) == 1

    def return_probe(self, alias: str) -> None:
        """Return the right to probe without having sent a message."""
        opened = self._on_write_database().filter(alias=alias).exclude(open_until=None)
        opened.update(open_until=Now())

    def close_breaker(self, alias: str) -> bool:
        """Close the circuit breaker; return whether it was open."""
        row = self._on_write_database().filter(alias=alias)
        was_open = row.exclude(open_until=None).update(open_until=None) == 1
        row.update(failures=0, probes=0, open_reason="", opened_at=None)
        return was_open

    def has_outage(self, alias: str) -> bool:
        """Return whether failures of the destination have opened the circuit breaker."""
        return self._in_outage(alias).exists()

    def allow_probe(self, alias: str) -> bool:
        """Let a message probe now if an outage has opened the circuit breaker; return whether so.

        Its destination has responded to another request. A pause, and a wait that is due to wrong
        settings, stay.
        """
        return self._in_outage(alias).update(open_until=Now()) == 1

    def _in_outage(self, alias: str) -> Self:
        rows = self._on_write_database().filter(alias=alias, paused_at=None, failures__gt=0)
        return rows.filter(open_until__gt=Now())

    def take_changes(self, alias: str, *, interval: float) -> bool:
        """Take the right to request the changed remote runs; return False if it is not time yet.

        Args:
            interval: shortest time in seconds between two requests, of all relays together.
        """
        rows = self._on_write_database()
        rows.get_or_create(alias=alias)
        is_due = Q(changes_checked_at=None) | Q(changes_checked_at__lte=from_now(-interval))
        return rows.filter(is_due, alias=alias).update(changes_checked_at=Now()) == 1

    def return_changes(self, alias: str) -> None:
        """Return the right to request the changed remote runs: the request has failed."""
        self._on_write_database().filter(alias=alias).update(changes_checked_at=None)

    def record_changes(self, alias: str, *, until: datetime | None) -> None:
        """Record up to when changes of remote runs are known; None if they are not."""
        self._on_write_database().filter(alias=alias).update(changes_known_until=until)

    def take_allowance(self, alias: str, *, wanted: int, rate: float) -> int:
        """Take the right to send messages now, as many as the rate limit allows.

        This is the generic cell rate algorithm: each message moves the time of the next one by
        1/rate; the messages of one second may be sent at once.

        Args:
            wanted: how many messages the caller would send.
            rate: messages per second, of all relays together.

        Returns:
            How many messages the caller may send; they count as sent.
        """
        rows = self._on_write_database()
        rows.get_or_create(alias=alias)
        with transaction.atomic(using=rows.db):
            row = rows.select_for_update().annotate(database_time=Now()).get(alias=alias)
            now: datetime = row.database_time  # type: ignore[attr-defined]  # annotated
            following = max(row.next_send_at or now, now)
            ahead = BURST - (following - now).total_seconds()
            allowed = max(0, min(wanted, math.floor(ahead * rate)))
            if not allowed and following == now:
                allowed = 1  # a rate below one per second
            following += timedelta(seconds=allowed / rate)
            rows.filter(alias=alias).update(next_send_at=following)
        return allowed

    def allowed_in(self, alias: str, *, rate: float) -> float:
        """Return the seconds until the rate limit allows a message; zero if it does now.

        Zero, too, while the publisher is paused: then the rate limit is not what stops it.
        """
        state = self.find(alias)
        if state is None or state.paused_at or not state.next_send_at:
            return 0.0
        ahead = (state.next_send_at - state.read_at).total_seconds()
        return max(0.0, ahead - max(0.0, BURST - 1 / rate))

    def return_allowance(self, alias: str, *, unused: int, rate: float) -> None:
        """Return the right to send messages that were not sent."""
        self._on_write_database().filter(alias=alias).update(
            next_send_at=F("next_send_at") - timedelta(seconds=unused / rate)
        )
