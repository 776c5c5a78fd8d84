"""Queries of how many deliveries arrive and fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import transaction
from django.db.models import F

from dj_actions.outbox.queries.base import RecordQuerySet
from dj_actions.outbox.queries.clock import database_time
from dj_actions.outbox.times import aware

if TYPE_CHECKING:
    from dj_actions.models import DeliveryCount  # noqa: F401 - the base class names it

PERIOD = 1800
"""Seconds of a period in which deliveries are counted together."""

PERIODS = 48
"""Periods that are reported: 24 hours, of which the last one is not over."""

KEPT_PERIODS = 14 * PERIODS
"""Periods that are kept, two weeks."""


class Counts(NamedTuple):
    """The deliveries of one publisher in one period."""

    delivered: int = 0

    failed: int = 0
    """Attempts that failed, also those that are tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentCounts:
    """The deliveries of one publisher in the last 24 hours, as its relays have counted them."""

    periods: Sequence[Counts]
    """Of each half hour, the oldest first; the last one is not over."""

    @property
    def delivered(self) -> int:
        """Number of deliveries that have arrived."""
        return sum(counts.delivered for counts in self.periods)

    @property
    def failed(self) -> int:
        """Number of attempts that failed."""
        return sum(counts.failed for counts in self.periods)


NO_COUNTS = RecentCounts(periods=(Counts(),) * PERIODS)
"""Of a publisher to which nothing was sent."""


class DeliveryCountQuerySet(RecordQuerySet["DeliveryCount"]):
    """Queries of the counts of deliveries: one row for each publisher and half hour."""

    def add(self, counts: Mapping[str, Counts]) -> None:
        """Add what a relay has counted to the present period: all of it, or nothing.

        Args:
            counts: alias of a publisher → its deliveries.
        """
        rows = self._on_write_database()
        period = period_of(aware(database_time(using=rows.db), using=rows.db))
        with transaction.atomic(using=rows.db):
            # In one order, so that two relays do not wait for each other.
            for publisher, added in sorted(counts.items()):
                row: dict[str, Any] = {"publisher": publisher, "period": period}
                if not rows.filter(**row)._increase(added):
                    rows.get_or_create(**row)
                    rows.filter(**row)._increase(added)
                    rows.filter(period__lte=period - KEPT_PERIODS).delete()

    def recent(self, now: datetime) -> dict[str, RecentCounts]:
        """Return the counts of the last 24 hours by publisher.

        Args:
            now: the time by the database's clock, with its time zone.
        """
        first = period_of(now) - PERIODS + 1
        columns = ("publisher", "period", "delivered", "failed")
        found: dict[str, list[Counts]] = {}
        for publisher, period, *counts in (
            self.filter(period__gte=first).order_by().values_list(*columns)
        ):
            periods = found.setdefault(publisher, [Counts()] * PERIODS)
            if period - first < PERIODS:
                periods[period - first] = Counts(*counts)
        return {publisher: RecentCounts(periods=periods) for publisher, periods in found.items()}

    def _increase(self, added: Counts) -> int:
        return self.update(
            delivered=F("delivered") + added.delivered, failed=F("failed") + added.failed
        )


def first_period(now: datetime) -> datetime:
    """Return when the first of the reported periods began, of a time with its time zone."""
    return datetime.fromtimestamp((period_of(now) - PERIODS + 1) * PERIOD, tz=now.tzinfo)


def period_of(now: datetime) -> int:
    """Return the number of the period of a time, which has its time zone."""
    return int(now.timestamp()) // PERIOD
