"""The query of how long deliveries took; it reads a bounded number of rows of an index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import connections

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
    SELECT slice.number, {columns}
    FROM generate_series(0, %(slices)s - 1) AS slice (number)
    CROSS JOIN LATERAL (
        SELECT {columns} FROM {delivery}
        WHERE publisher = %(publisher)s AND sent_at IS NOT NULL
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


class TimingQueries(RecordQuerySet["Delivery"]):
    """Queries of the times of deliveries that arrived."""

    def timings(self, publisher: str, *, seconds: float) -> Timings:
        """Return how long the deliveries of a publisher took that arrived recently.

        Up to 1,000 of them are read: all, or on PostgreSQL the newest 50 of each twentieth of the
        period, and on SQLite the newest ones. Those that an earlier release has sent are left out.

        Args:
            publisher: alias of the publisher.
            seconds: length of the period until now.
        """
        found, is_sample = self._sent(publisher, seconds)
        return Timings.of(found, window=seconds, is_sample=is_sample)

    def usual_runs(self, publisher: str, *, seconds: float) -> Mapping[str, UsualRun]:
        """Return how long the remote runs of a publisher took lately: scope → its runs.

        They are those of the deliveries that `timings` reads.

        Args:
            publisher: alias of the publisher.
            seconds: length of the period until now.
        """
        found, _ = self._sent(publisher, seconds)
        return usual_runs(found)

    def _sent(self, publisher: str, seconds: float) -> tuple[list[SentRow], bool]:
        """Return deliveries that arrived in a period, and whether there are more."""
        rows = self._on_write_database()
        is_postgres = connections[rows.db].vendor == "postgresql"
        read = rows._spread_over if is_postgres else rows._newest_within
        return read(publisher, seconds)

    def _spread_over(self, publisher: str, seconds: float) -> tuple[list[SentRow], bool]:
        """Return deliveries of all parts of a period, and whether there are more."""
        statement = SPREAD_STATEMENT.format(
            columns=", ".join(SentRow._fields), delivery=self.model._meta.db_table
        )
        with connections[self.db].cursor() as cursor:
            cursor.execute(statement, spread_parameters(publisher, seconds))
            found = cursor.fetchall()
        per_slice = Counter(number for number, *_ in found)
        rows = [SentRow(*columns) for _, *columns in found]
        return rows, ROWS_PER_SLICE in per_slice.values()

    def _newest_within(self, publisher: str, seconds: float) -> tuple[list[SentRow], bool]:
        """Return the newest deliveries of a period, and whether there are more."""
        limit = SLICES * ROWS_PER_SLICE
        sent = self.filter(
            publisher=publisher, sent_at__isnull=False, settled_at__gt=from_now(-seconds)
        )
        newest = sent.order_by("-settled_at").values_list(*SentRow._fields)[:limit]
        rows = [SentRow(*row) for row in newest]
        return rows, len(rows) == limit


def spread_parameters(publisher: str, seconds: float) -> dict[str, Any]:
    """Return the parameters of `SPREAD_STATEMENT`."""
    return {
        "publisher": publisher,
        "slices": SLICES,
        "seconds": seconds / SLICES,
        "rows": ROWS_PER_SLICE,
    }
