"""The query of where deliveries arrived; it reads a bounded number of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dj_actions.outbox.queries.base import RecordQuerySet

if TYPE_CHECKING:
    from dj_actions.models import Delivery  # noqa: F401 - the base class names it

MAX_READ = 500
"""Deliveries that are read: the newest ones of all publishers, which no filter makes slow."""


class ReceiptQueries(RecordQuerySet["Delivery"]):
    """Queries of the receipts of deliveries."""

    def latest_scopes(self, publisher: str) -> list[str]:
        """Return where the newest deliveries of a publisher arrived, each place once.

        Only the newest 500 deliveries of all publishers are read.

        Args:
            publisher: alias of the publisher.
        """
        rows = self._on_write_database().order_by("-pk")
        newest = rows.values_list("publisher", "receipt_scope")[:MAX_READ]
        return list(dict.fromkeys(scope for alias, scope in newest if scope and alias == publisher))
