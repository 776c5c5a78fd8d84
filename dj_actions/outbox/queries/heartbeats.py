"""Queries of relays' signs of life."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models, router
from django.db.models.functions import Now

from dj_actions.outbox.queries.clock import after

if TYPE_CHECKING:
    from dj_actions.models import RelayHeartbeat  # noqa: F401 - the base class names it


class RelayHeartbeatQuerySet(models.QuerySet["RelayHeartbeat"]):
    """Queries of relays."""

    def beat(self, relay: UUID, *, host: str, pid: int, publishers: Sequence[str]) -> None:
        """Note that a relay lives."""
        rows = self.using(router.db_for_write(self.model))
        if not rows.filter(pk=relay).update(seen_at=Now()):
            rows.create(id=relay, host=host, pid=pid, publishers=list(publishers))

    def forget(self, relay: UUID) -> None:
        """Note that a relay has ended, as it should."""
        self.using(router.db_for_write(self.model)).filter(pk=relay).delete()

    def seen_within(self, seconds: float) -> Self:
        """Relays that gave a sign of life within so many seconds."""
        return self.filter(seen_at__gte=after(-seconds))

    def forget_silent(self, seconds: float) -> int:
        """Delete relays that have been silent for so long: they were killed."""
        rows = self.using(router.db_for_write(self.model))
        return rows.exclude(seen_at__gte=after(-seconds)).delete()[0]
