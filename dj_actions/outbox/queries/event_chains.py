"""Queries of the chains of events: which event led to which."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Self
from uuid import UUID

from dj_actions.context import ChainPosition
from dj_actions.outbox.queries.base import RecordQuerySet

if TYPE_CHECKING:
    from dj_actions.models import ActionEvent  # noqa: F401 - the base class names it


class ChainQueries(RecordQuerySet["ActionEvent"]):
    """Queries of the events before and after an event in its chain."""

    def parts_of(self, event_id: UUID, action: str) -> Self:
        """Return the events of one action that belong to an event, the oldest first."""
        return self.filter(parent=event_id, action=action).order_by("pk")

    def position_below(self, event_id: UUID) -> ChainPosition:
        """Return the position of an event that the event with this id has led to.

        An event that is not known, for example because it was archived, is taken for the first of
        its chain.
        """
        rows = self._on_write_database().filter(pk=event_id)
        root, depth = rows.order_by().values_list("root", "depth").first() or (None, 0)
        return ChainPosition(root=root, depth=depth).below(event_id)

    def labels_upwards(self, event_id: UUID | None, *, limit: int) -> Iterator[str]:
        """Yield the label of an event's action, then those of the events that led to it.

        Args:
            event_id: the event to begin with.
            limit: most events that are read, one after the other.
        """
        rows = self._on_write_database().order_by().values_list("resource", "action", "parent")
        for _ in range(limit):
            found = rows.filter(pk=event_id).first() if event_id else None
            if found is None:
                return
            resource, action, event_id = found
            yield f"{resource}.{action}"
