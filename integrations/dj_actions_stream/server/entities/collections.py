"""The entries of collections, which activities refer to as `SO:<collection>:<id>`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.utils import timezone

from dj_actions_stream.server.identity import render_utc
from dj_actions_stream.server.protocol.errors import ConflictError, NotFoundError


class CollectionEntry(models.Model):
    """An object in a collection. `owner` is the user who may change it, or "" for servers only."""

    collection = models.CharField(max_length=255)
    entry_id = models.CharField(max_length=255)
    owner = models.CharField(max_length=255, blank=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "collection entries"
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "entry_id"], name="feeds_collection_entry_once"
            )
        ]

    def __str__(self) -> str:
        return self.foreign_id

    @property
    def foreign_id(self) -> str:
        """The entry's name in all collections."""
        return f"{self.collection}:{self.entry_id}"


def new_entry_id() -> str:
    """Return an id for an entry that was added without one."""
    return str(uuid4())


def add_entry(
    collection: str, entry_id: str, data: Mapping[str, Any], *, owner: str
) -> CollectionEntry:
    """Return a new entry, or raise ConflictError if it exists."""
    now = timezone.now()
    entry, is_new = CollectionEntry.objects.get_or_create(
        collection=collection,
        entry_id=entry_id,
        defaults={"owner": owner, "data": dict(data), "created_at": now, "updated_at": now},
    )
    if not is_new:
        raise ConflictError(f"The collection {collection} already has an entry {entry_id}.")
    return entry


def upsert_entries(collection: str, data_of: Mapping[str, Mapping[str, Any]]) -> None:
    """Insert entries, or replace the data of those that exist; their owners stay."""
    now = timezone.now()
    CollectionEntry.objects.bulk_create(
        [
            CollectionEntry(
                collection=collection, entry_id=key, data=dict(data), created_at=now, updated_at=now
            )
            for key, data in sorted(data_of.items())
        ],
        update_conflicts=True,
        unique_fields=["collection", "entry_id"],
        update_fields=["data", "updated_at"],
    )


def get_entry(collection: str, entry_id: str) -> CollectionEntry:
    """Return an entry, or raise NotFoundError."""
    found = find_entries([(collection, entry_id)])
    if not found:
        raise NotFoundError(f"The collection {collection} has no entry {entry_id}.")
    return found[0]


def find_entries(keys: Iterable[tuple[str, str]]) -> list[CollectionEntry]:
    """Return the entries that exist, by collection and id, the oldest first."""
    ids_of: dict[str, list[str]] = {}
    for collection, entry_id in keys:
        ids_of.setdefault(collection, []).append(entry_id)
    condition = Q()
    for collection, entry_ids in ids_of.items():
        condition |= Q(collection=collection, entry_id__in=entry_ids)
    if not condition:
        return []
    return list(CollectionEntry.objects.filter(condition).order_by("pk"))


def update_entry(entry: CollectionEntry, data: Mapping[str, Any]) -> None:
    """Replace an entry's data."""
    entry.data, entry.updated_at = dict(data), timezone.now()
    entry.save(update_fields=["data", "updated_at"])


def delete_entries(collection: str, entry_ids: Sequence[str]) -> None:
    """Delete entries. It is not an error if one does not exist."""
    CollectionEntry.objects.filter(collection=collection, entry_id__in=entry_ids).delete()


def render_entry(entry: CollectionEntry) -> dict[str, Any]:
    """Return the entry as Stream sends it."""
    return {
        "id": entry.entry_id,
        "collection": entry.collection,
        "foreign_id": entry.foreign_id,
        "data": entry.data,
        "created_at": render_utc(entry.created_at),
        "updated_at": render_utc(entry.updated_at),
    }
