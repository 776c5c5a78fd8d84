"""Queries of the archive: which events may be moved into it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db.models import Exists, OuterRef, Prefetch, Q

from dj_actions.outbox.queries.base import RecordQuerySet
from dj_actions.outbox.times import comparable
from dj_actions.states import DeliveryState, RemoteState

if TYPE_CHECKING:
    from dj_actions.models import ActionEvent


class ArchivingQueries(RecordQuerySet["ActionEvent"]):
    """Queries of the events that nothing needs any more."""

    def archivable(self, *, before: datetime) -> Self:
        """Return the events that may be archived, the oldest first.

        An event is kept while one of its deliveries is open, dead, or tracked at its destination.

        Args:
            before: only events that were recorded before this time.
        """
        deliveries = self.model._meta.get_field("deliveries").related_model._default_manager
        needed = deliveries.filter(event=OuterRef("pk")).filter(
            Q(state__in=(DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.DEAD))
            | Q(remote_state=RemoteState.RUNNING)
        )
        rows = self._on_write_database()
        rows = rows.filter(created_at__lt=comparable(before, using=rows.db))
        return rows.exclude(Exists(needed)).order_by("created_at")

    def take_oldest(self, *, before: datetime, limit: int) -> list[ActionEvent]:
        """Lock and return the oldest archivable events with their deliveries.

        Events that another transaction has locked are skipped.
        """
        rows = self.archivable(before=before).select_for_update(of=("self",), skip_locked=True)
        deliveries = self.model._meta.get_field("deliveries").related_model._default_manager
        # Without a database of its own, a prefetch calls the routers, which may choose a replica.
        prefetch = Prefetch("deliveries", queryset=deliveries.using(rows.db))
        return list(rows.prefetch_related(prefetch)[:limit])
