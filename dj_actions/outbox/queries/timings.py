"""The query of how long deliveries took; it reads a bounded number of rows of an index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import connections
from django.db.models import Window
from django.db.models.functions import RowNumber

from dj_actions.outbox.queries.base import RecordQuerySet
from dj_actions.outbox.queries.clock import from_now
from dj_actions.outbox.timings import SentRow, Timings, UsualRun, usual_runs

if TYPE_CHECKING:
    from dj_actions.models import Delivery  # noqa: F401 - the base class names it

SLICES = 20
"""Parts of a period, of each of which the same number of deliveries is read: the newest of the
whole period would be those of its last seconds."""

ROWS_PER_SLICE = 50

SPREAD_STATEMENT = """
    SELECT sent.publisher, slice.number, {columns}
    FROM unnest(%(publishers)s::text[]) AS wanted (publisher)
    CROSS JOIN generate_series(0, %(slices)s - 1) AS slice (number)
    CROSS JOIN LATERAL (
        SELECT publisher, {columns} FROM {delivery}
        WHERE publisher = wanted.publisher AND sample_weight IS NOT NULL
            AND settled_at > statement_timestamp() - make_interval(
                secs => (slice.number + 1) * %(seconds)s
            )
            AND settled_at <= statement_timestamp() - make_interval(
                secs => slice.number * %(seconds)s
            )
        ORDER BY settled_at DESC LIMIT %(rows)s
    ) AS sent
"""
"""The newest deliveries of each part of a period. The condition is that of an index."""


Sample: TypeAlias = tuple[list[SentRow], bool]
"""Deliveries of one publisher, and whether there are more."""


class TimingQueries(RecordQuerySet["Delivery"]):
    """Queries of the times of deliveries that arrived."""

    def timings(self, publisher: str, *, seconds: float) -> Timings:
        """Return how long the deliveries of one publisher took; see `timings_of`."""
        return self.timings_of([publisher], seconds=seconds)[publisher]

    def timings_of(self, publishers: Collection[str], *, seconds: float) -> dict[str, Timings]:
        """Return how long the deliveries of some publishers took that arrived recently.

        Up to 1,000 of each are read, all in one statement: all of them, or on PostgreSQL the newest
        50 of each twentieth of the period, and on SQLite the newest ones. Of those that were
        settled together on PostgreSQL, some represent all; those that an earlier release has sent
        are left out.

        Args:
            publishers: aliases of the publishers.
            seconds: length of the period until now.
        """
        return {
            publisher: Timings.of(found, window=seconds, is_sample=is_sample)
            for publisher, (found, is_sample) in self._sent(publishers, seconds).items()
        }

    def usual_runs_of(
        self, publishers: Collection[str], *, seconds: float
    ) -> dict[str, Mapping[str, UsualRun]]:
        """Return how long the remote runs of some publishers took lately: each one's by scope.

        They are those of the deliveries that `timings_of` reads.

        Args:
            publishers: aliases of the publishers.
            seconds: length of the period until now.
        """
        sent = self._sent(publishers, seconds)
        return {publisher: usual_runs(found) for publisher, (found, _) in sent.items()}

    def _sent(self, publishers: Collection[str], seconds: float) -> dict[str, Sample]:
        """Return deliveries that arrived in a period by publisher."""
        if not publishers:
            return {}
        rows = self._on_write_database()
        find = rows._spread_over if rows._is_postgres else rows._newest_within
        found = find(publishers, seconds)
        nothing: Sample = ([], False)
        return {publisher: found.get(publisher, nothing) for publisher in publishers}

    def _spread_over(self, publishers: Collection[str], seconds: float) -> dict[str, Sample]:
        """Return deliveries of all parts of a period by publisher."""
        statement = SPREAD_STATEMENT.format(
            columns=", ".join(SentRow._fields), delivery=self.model._meta.db_table
        )
        found: dict[str, list[SentRow]] = {}
        per_slice: Counter[tuple[str, int]] = Counter()
        with connections[self.db].cursor() as cursor:
            cursor.execute(statement, spread_parameters(publishers, seconds))
            for publisher, number, *columns in cursor.fetchall():
                found.setdefault(publisher, []).append(SentRow(*columns))
                per_slice[publisher, number] += 1
        full = {publisher for (publisher, _), rows in per_slice.items() if rows == ROWS_PER_SLICE}
        return {publisher: (rows, publisher in full) for publisher, rows in found.items()}

    def _newest_within(self, publishers: Collection[str], seconds: float) -> dict[str, Sample]:
        """Return the newest deliveries of a period by publisher."""
        limit = SLICES * ROWS_PER_SLICE
        sent = self.filter(
            publisher__in=publishers,
            sample_weight__isnull=False,
            settled_at__gt=from_now(-seconds),
        )
        newest_first = Window(RowNumber(), partition_by="publisher", order_by="-settled_at")
        newest = sent.order_by().annotate(number=newest_first).filter(number__lte=limit)
        found: dict[str, list[SentRow]] = {}
        for publisher, *columns in newest.values_list("publisher", *SentRow._fields):
            found.setdefault(publisher, []).append(SentRow(*columns))
        return {publisher: (rows, len(rows) == limit) for publisher, rows in found.items()}


def spread_parameters(publishers: Collection[str], seconds: float) -> dict[str, Any]:
    """Return the parameters of `SPREAD_STATEMENT`."""
    return {
        "publishers": list(publishers),
        "slices": SLICES,
        "seconds": seconds / SLICES,
        "rows": ROWS_PER_SLICE,
    }
