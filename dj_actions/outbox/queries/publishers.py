"""Queries of what all relays share about a publisher, and its transitions.

Times are the database's own. A publisher of which nothing is known has no row.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models, router, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Greatest, Now

from dj_actions.outbox.queries.clock import after

if TYPE_CHECKING:
    from dj_actions.models import PublisherState


BURST = 1.0
"""Seconds whose messages may be sent at once."""


class PublisherStateQuerySet(models.QuerySet["PublisherState"]):
    """Queries of publishers; each transition is one statement, so that relays cannot disagree."""

    def pause(self, alias: str, *, by: str, reason: str) -> bool:
        """Send nothing until someone resumes; False if it was paused already."""
        self._primary().get_or_create(alias=alias)
        waiting = self._primary().filter(alias=alias, paused_at=None)
        return waiting.update(paused_at=Now(), paused_by=by, pause_reason=reason) == 1

    def resume(self, alias: str) -> bool:
        """Send again; False if it was not paused."""
        paused = self._primary().filter(alias=alias).exclude(paused_at=None)
        return paused.update(paused_at=None, paused_by="", pause_reason="") == 1

    def paused(self) -> Self:
        """Publishers that are paused."""
        return self.exclude(paused_at=None)

    def known(self, alias: str) -> PublisherState | None:
        """Return what is known of a publisher, with the time at which it was read."""
        row = self._primary().filter(alias=alias).annotate(database_time=Now()).first()
        if row:
            row.read_at = row.database_time  # type: ignore[attr-defined]  # the annotation above
        return row

    def count_failure(self, alias: str) -> int:
        """Count one more message that found the destination in trouble; return how many."""
        rows = self._primary()
        rows.get_or_create(alias=alias)
        rows.filter(alias=alias).update(failures=F("failures") + 1)
        return rows.values_list("failures", flat=True).get(alias=alias)

    def open_breaker(
        self, alias: str, *, seconds: float, reason: str, probing: bool = False
    ) -> None:
        """Send nothing for so long; never shorter than another relay has said.

        Args:
            probing: whether the caller has the right to probe, which it gives back by this.
        """
        rows = self._primary()
        rows.get_or_create(alias=alias)
        until = after(seconds)
        if not probing:
            until = Greatest(until, Coalesce(F("open_until"), until))
        rows.filter(alias=alias).update(
            open_until=until, probes=F("probes") + 1, open_reason=reason
        )

    def take_probe(self, alias: str, *, seconds: float) -> bool:
        """Take the right to send one message, once the wait is over; one of all relays gets it.

        Args:
            seconds: until the next may try, should this one never tell.
        """
        due = self._primary().filter(alias=alias, paused_at=None, open_until__lte=Now())
        return due.update(open_until=after(seconds)) == 1

    def return_probe(self, alias: str) -> None:
        """Give the right back unused."""
        self._primary().filter(alias=alias).exclude(open_until=None).update(open_until=Now())

    def close_breaker(self, alias: str) -> bool:
        """Send as usual; return whether it had been open."""
        row = self._primary().filter(alias=alias)
        was_open = row.exclude(open_until=None).update(open_until=None) == 1
        row.update(failures=0, probes=0, open_reason="")
        return was_open

    def take_allowance(self, alias: str, *, wanted: int, rate: float) -> int:
        """Return how many messages may be sent now, and count them as sent.

        The generic cell rate algorithm: each message moves the moment of the next one on by
        1/rate; those of one second may come at once.

        Args:
            wanted: at most so many.
            rate: messages per second, of all relays together.
        """
        rows = self._primary()
        rows.get_or_create(alias=alias)
        with transaction.atomic(using=rows.db):
            row = rows.select_for_update().annotate(database_time=Now()).get(alias=alias)
            now: datetime = row.database_time  # type: ignore[attr-defined]  # annotated
            following = max(row.next_send_at or now, now)
            ahead = BURST - (following - now).total_seconds()
            allowed = max(0, min(wanted, math.floor(ahead * rate)))
            if not allowed and following == now:
                allowed = 1  # a rate below one a second
            following += timedelta(seconds=allowed / rate)
            rows.filter(alias=alias).update(next_send_at=following)
        return allowed

    def return_allowance(self, alias: str, *, unused: int, rate: float) -> None:
        """Give back what was not sent."""
        self._primary().filter(alias=alias).update(
            next_send_at=F("next_send_at") - timedelta(seconds=unused / rate)
        )

    def _primary(self) -> Self:
        return self.using(router.db_for_write(self.model))
