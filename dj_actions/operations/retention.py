"""Put old events away: to a table or a file, then delete them, a few at a time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from django.core.serializers.json import DjangoJSONEncoder
from django.db import router, transaction
from django.db.models import Model

from dj_actions.conf import get_settings
from dj_actions.models import ActionEvent, ArchivedActionEvent, Delivery
from dj_actions.outbox.queries import database_time
from dj_actions.states import DeliveryState


class Archive(Protocol):
    """Where events are put away."""

    def keep(self, events: Sequence[ActionEvent]) -> None:
        """Keep them for good before this returns: they are deleted next."""


class TableArchive:
    """Keeps events in a table of the same database."""

    def keep(self, events: Sequence[ActionEvent]) -> None:
        """Write them in the present transaction."""
        ArchivedActionEvent.objects.using(_database()).bulk_create(
            ArchivedActionEvent(
                id=event.pk,
                resource=event.resource,
                action=event.action,
                object_id=event.object_id,
                actor_id=event.actor_id,
                created_at=event.created_at,
                content=content_of(event),
            )
            for event in events
        )


class FileArchive:
    """Appends events to a file, one JSON object per line.

    Args:
        path: the file; it is made if it does not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, events: Sequence[ActionEvent]) -> None:
        """Write them, and wait until the disk has them.

        Should the deletion after it fail, they come again: `id` tells which lines are the same.
        """
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(
                json.dumps(content_of(event), cls=DjangoJSONEncoder, ensure_ascii=False) + "\n"
                for event in events
            )
            file.flush()
            os.fsync(file.fileno())


def present_time() -> datetime:
    """Return the present time by the clock of the events' database."""
    return database_time(using=_database())


def default_cutoff() -> datetime:
    """Return the moment before which events are old: TTL_MINUTES ago."""
    try:
        return present_time() - timedelta(minutes=get_settings().ttl_minutes)
    except OverflowError:  # before the calendar begins: nothing is that old
        return datetime.min.replace(tzinfo=UTC)


def archive(target: Archive, *, before: datetime, batch_size: int) -> Iterator[int]:
    """Put all old events away; yield how many after each batch.

    Each batch is a transaction of its own, which locks nothing but its own rows.

    Args:
        target: where they go.
        before: events recorded earlier are old.
        batch_size: how many events one transaction puts away.
    """
    while moved := archive_batch(target, before=before, limit=batch_size):
        yield moved


def archive_batch(target: Archive, *, before: datetime, limit: int) -> int:
    """Put up to `limit` old events away, the oldest first; return how many."""
    with transaction.atomic(using=_database()):
        events = ActionEvent.objects.take_oldest(before=before, limit=limit)
        if events:
            target.keep(events)
            ActionEvent.objects.using(_database()).filter(
                pk__in=[event.pk for event in events]
            ).delete()
    return len(events)


def content_of(event: ActionEvent) -> dict[str, Any]:
    """Return all that is known of an event and its deliveries, as plain data."""
    deliveries = [_fields_of(delivery) for delivery in event.deliveries.all()]
    return _fields_of(event) | {"deliveries": deliveries}


def _fields_of(entry: Model) -> dict[str, Any]:
    return {field.attname: getattr(entry, field.attname) for field in entry._meta.concrete_fields}


def _database() -> str:
    return router.db_for_write(ActionEvent)


def prune(state: DeliveryState, *, older_than: float, batch_size: int) -> Iterator[int]:
    """Delete deliveries that settled long ago; yield how many after each batch.

    Each batch is a transaction of its own, which locks nothing but its own rows. What others
    hold, and what a tracker still follows, stays.

    Args:
        state: delivered, cancelled or dead.
        older_than: seconds since they were settled, by the database's clock.
        batch_size: how many deliveries one transaction deletes.

    Raises:
        ValueError: in this state, deliveries are open.
    """
    last = 0
    while ids := Delivery.objects.prune(state, older_than, beyond=last, limit=batch_size):
        last = ids[-1]
        yield len(ids)
