"""Queries of the heartbeats of relays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db.models.functions import Now

from dj_actions.outbox.queries.base import RecordQuerySet
from dj_actions.outbox.queries.clock import from_now

if TYPE_CHECKING:
    from dj_actions.models import RelayHeartbeat  # noqa: F401 - the base class names it

RELAY_TIMEOUT = 11
"""Seconds without a heartbeat after which a relay is shown as dead: it has missed two. A page that
asks every 3 seconds then shows it within 15 seconds of its end."""


class RelayHeartbeatQuerySet(RecordQuerySet["RelayHeartbeat"]):
    """Queries of heartbeats: one row for each running relay."""

    def record_heartbeat(
        self, relay: UUID, *, host: str, pid: int, publishers: Sequence[str]
    ) -> None:
        """Record that a relay is alive now."""
        rows = self._on_write_database()
        if not rows.filter(pk=relay).update(seen_at=Now()):
            rows.create(id=relay, host=host, pid=pid, publishers=list(publishers))

    def delete_heartbeat(self, relay: UUID) -> None:
        """Delete the heartbeat of a relay that stopped normally."""
        self._on_write_database().filter(pk=relay).delete()

    def seen_within(self, seconds: float) -> Self:
        """Return the relays whose last heartbeat is not older than this."""
        return self.filter(seen_at__gte=from_now(-seconds))

    def delete_stale(self, seconds: float) -> int:
        """Delete heartbeats older than this, of relays that were killed; return how many."""
        rows = self._on_write_database()
        return rows.exclude(seen_at__gte=from_now(-seconds)).delete()[0]
