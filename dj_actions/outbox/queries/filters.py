"""Queries of operators: which deliveries there are, and how many in which state."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from django.db import models
from django.db.models import Count, Min, Q
from django.db.models.functions import Cast

from dj_actions.outbox.queries.base import RecordQuerySet, without_none
from dj_actions.outbox.queries.clock import database_time, from_now
from dj_actions.outbox.times import comparable
from dj_actions.states import DeliveryState

if TYPE_CHECKING:
    from dj_actions.models import Delivery  # noqa: F401 - the base class names it


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherCounts:
    """The number of deliveries of one publisher."""

    publisher: str

    counts: Mapping[DeliveryState, int]
    """State → number of deliveries, for all states."""

    oldest_pending: float | None
    """Age in seconds of the oldest pending delivery, by the database's clock; None without one."""

    @property
    def dead(self) -> int:
        """Number of dead letters."""
        return self.counts[DeliveryState.DEAD]


class FilterQueries(RecordQuerySet["Delivery"]):
    """Selections of deliveries, and their counts."""

    def open(self) -> Self:
        """Return the deliveries that are not settled: pending, or being sent."""
        return self.filter(state__in=(DeliveryState.PENDING, DeliveryState.SENDING))

    def of_unknown_publishers(self, known: Iterable[str]) -> Self:
        """Return the open deliveries whose publisher is not configured any more."""
        return self.open().exclude(publisher__in=list(known))

    def count_without_options(self) -> list[tuple[str, str, str, int]]:
        """Count the open deliveries whose options were not recorded with them.

        Returns:
            Publisher, resource, action and number of each kind.
        """
        rows = self.open().filter(options__isnull=True)
        kinds = rows.order_by("publisher", "event__resource", "event__action")
        columns = ("publisher", "event__resource", "event__action")
        return list(kinds.values_list(*columns).annotate(Count("pk")))

    def matching(
        self,
        *,
        ids: Iterable[int] | None = None,
        event: UUID | str | None = None,
        publisher: str | None = None,
        state: str | None = None,
        remote_state: str | None = None,
        action: str | None = None,
        object: str | None = None,
        key: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        error: str | None = None,
        older_than: float | None = None,
    ) -> Self:
        """Return the deliveries that match all arguments.

        Args:
            ids: ids of deliveries.
            event: id of the event.
            publisher: alias of the publisher.
            state: state of the delivery.
            remote_state: state of its remote run.
            action: `todo.mark_done`, or `mark_done` for that action of any resource.
            object: id of an object that was acted on, alone or among others.
            key: the ordering key.
            since: the event was recorded at this time or later.
            until: the event was recorded before this time.
            error: text of one of the stored errors; its case does not matter.
            older_than: seconds since the event was recorded, at least, by the database's clock.
        """
        own = {
            "event": event,
            "publisher": publisher,
            "state": state,
            "remote_state": remote_state,
            "ordering_key": key,
        }
        window = {
            "event__created_at__gte": since and comparable(since, using=self.db),
            "event__created_at__lt": until and comparable(until, using=self.db),
        }
        found = self.filter(**without_none(own | window))
        if older_than is not None:
            found = found.filter(event__created_at__lte=from_now(-older_than))
        if ids is not None:
            found = found.filter(pk__in=list(ids))
        if error is not None:
            found = found._with_error_text(error)
        if action is not None or object is not None:
            found = found._of_events(action, object)
        return found

    def stats(self) -> list[PublisherCounts]:
        """Count these by publisher and state, sorted by publisher."""
        grouped = self.order_by("publisher").values("publisher", "state")
        rows: list[Any] = list(grouped.annotate(count=Count("pk"), oldest=Min("queued_at")))
        now = database_time(using=self.db) if rows else None
        return [
            _counts(alias, [row for row in rows if row["publisher"] == alias], now)
            for alias in dict.fromkeys(row["publisher"] for row in rows)
        ]

    def _of_events(self, action: str | None, object_id: str | None) -> Self:
        resource, _, name = (action or "").rpartition(".")
        events: Any = self.model._meta.get_field("event").related_model._default_manager
        wanted = events.using(self.db).matching(
            resource=resource or None, action=name or None, object=object_id
        )
        return self.filter(event__in=wanted.order_by().values("pk"))

    def _with_error_text(self, text: str) -> Self:
        # Databases store JSON with or without escapes; search for both.
        encodings = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
        wanted = Q()
        for encoded in sorted(encodings):
            wanted |= Q(error_text__icontains=encoded)
        return self.alias(error_text=Cast("errors", models.TextField())).filter(wanted)


def _counts(alias: str, rows: list[dict[str, Any]], now: datetime | None) -> PublisherCounts:
    by_state = {row["state"]: row for row in rows}
    pending = by_state.get(DeliveryState.PENDING)
    age = (now - pending["oldest"]).total_seconds() if now and pending else None
    return PublisherCounts(
        publisher=alias,
        counts={state: by_state.get(state, {}).get("count", 0) for state in DeliveryState},
        oldest_pending=None if age is None else max(0.0, age),
    )
