"""Prune settled deliveries and archive old events, in short transactions.

Each batch is a transaction that locks only its own rows and skips rows that others hold, so that
both can run next to relays and be stopped at any time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import router, transaction

from dj_actions.conf import get_settings
from dj_actions.files import PRIVATE, open_to_append
from dj_actions.models import ActionEvent, ArchivedActionEvent, Delivery
from dj_actions.operations.content import archive_content
from dj_actions.operations.result import OnBatch, OperationResult
from dj_actions.outbox.queries import database_time
from dj_actions.states import DeliveryState


def prune(
    state: DeliveryState,
    *,
    older_than: float,
    batch_size: int = 1000,
    dry_run: bool = False,
    on_batch: OnBatch | None = None,
) -> OperationResult:
    """Delete deliveries that were settled long ago; their events are kept.

    Deliveries whose remote run is still tracked are kept.

    Args:
        state: delivered, cancelled or dead.
        older_than: seconds since they were settled, by the database's clock.
        batch_size: deliveries per transaction.
        dry_run: delete nothing, and return what would be deleted.
        on_batch: called after each batch with the number of deliveries deleted so far.

    Raises:
        ValueError: deliveries in this state are open, or the batch size is not positive.
    """
    _require_positive(batch_size)
    rows = Delivery.objects.using(router.db_for_write(Delivery)).prunable(state, older_than)
    if dry_run:
        return OperationResult.preview(rows.order_by("pk"))
    return OperationResult.of_batches(_pruned(state, older_than, batch_size), on_batch)


def archive(
    *,
    before: datetime | None = None,
    to_file: Path | None = None,
    batch_size: int = 500,
    dry_run: bool = False,
    on_batch: OnBatch | None = None,
) -> OperationResult:
    """Move old events, with their deliveries, to the table of archived events or to a file.

    Events with a delivery that is open, dead or still tracked are kept.

    Args:
        before: events recorded earlier are archived; None for those older than TTL_MINUTES.
        to_file: append them to this file, one JSON object per line; None for the table. A new file
            is readable for its owner alone.
        batch_size: events per transaction.
        dry_run: move nothing, and return what would be moved.
        on_batch: called after each batch with the number of events archived so far.

    Raises:
        OSError: the file cannot be written. Earlier batches stay archived.
        ValueError: the batch size is not positive.
    """
    _require_positive(batch_size)
    cutoff = default_cutoff() if before is None else before
    if dry_run:
        return OperationResult.preview(ActionEvent.objects.archivable(before=cutoff))
    target: Archive = FileArchive(to_file) if to_file else TableArchive()
    return OperationResult.of_batches(_archived(target, cutoff, batch_size), on_batch)


class Archive(Protocol):
    """A place where events are archived."""

    def keep(self, events: Sequence[ActionEvent]) -> None:
        """Store the events durably before returning: they are deleted next."""


class TableArchive:
    """Archives events to a table of the same database."""

    def keep(self, events: Sequence[ActionEvent]) -> None:
        """Insert the events in the current transaction."""
        ArchivedActionEvent.objects.using(_database()).bulk_create(
            ArchivedActionEvent(
                id=event.pk,
                resource=event.resource,
                action=event.action,
                object_id=event.object_id,
                actor_id=event.actor_id,
                created_at=event.created_at,
                content=archive_content(event),
            )
            for event in events
        )


class FileArchive:
    """Appends events to a file, one JSON object per line.

    Args:
        path: the file; if it does not exist, it is created for its owner alone, because it has the
            inputs of all users. A symbolic link is refused.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, events: Sequence[ActionEvent]) -> None:
        """Write the events and wait until they are on disk.

        If the deletion that follows fails, the next run appends them again; compare `id` to find
        duplicates.
        """
        with open_to_append(self.path, permissions=PRIVATE) as file:
            file.writelines(
                json.dumps(archive_content(event), cls=DjangoJSONEncoder, ensure_ascii=False) + "\n"
                for event in events
            )
            file.flush()
            os.fsync(file.fileno())


def archive_batch(target: Archive, *, before: datetime, limit: int) -> int:
    """Archive the oldest events, at most `limit` of them, in one transaction; return how many."""
    return len(_archive_batch(target, before=before, limit=limit))


def cutoff_after(minutes: float) -> datetime:
    """Return the time that many minutes ago, by the clock of the events' database."""
    try:
        return database_time(using=_database()) - timedelta(minutes=minutes)
    except OverflowError:  # before the year 1: no event is that old
        return datetime.min.replace(tzinfo=UTC)


def default_cutoff() -> datetime:
    """Return the time before which events are old: TTL_MINUTES ago."""
    return cutoff_after(get_settings().ttl_minutes)


def _pruned(state: DeliveryState, older_than: float, batch_size: int) -> Iterator[list[int]]:
    last = 0
    while ids := Delivery.objects.prune(state, older_than, beyond=last, limit=batch_size):
        last = ids[-1]
        yield ids


def _archived(target: Archive, before: datetime, batch_size: int) -> Iterator[list[UUID]]:
    while ids := _archive_batch(target, before=before, limit=batch_size):
        yield ids


def _archive_batch(target: Archive, *, before: datetime, limit: int) -> list[UUID]:
    with transaction.atomic(using=_database()):
        events = ActionEvent.objects.take_oldest(before=before, limit=limit)
        ids = [event.pk for event in events]
        if events:
            target.keep(events)
            ActionEvent.objects.using(_database()).filter(pk__in=ids).delete()
    return ids


def _require_positive(batch_size: int) -> None:
    if batch_size < 1:
        raise ValueError(f"batch_size must be 1 or more, not {batch_size}.")


def _database() -> str:
    return router.db_for_write(ActionEvent)
