"""The result of an operation, and of its preview."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias
from uuid import UUID

from django.db.models import QuerySet

MAX_IDS = 1000
"""Ids that a result lists at most, and that the event of an operation records at most."""

Id: TypeAlias = int | str | UUID

OnBatch: TypeAlias = Callable[[int], None]
"""Called after each committed batch with the number of objects processed so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationResult:
    """What an operation changed, or would change in a dry run."""

    count: int
    """Number of changed objects; never truncated."""

    ids: tuple[Id, ...]
    """Ids of the changed objects, at most the first 1,000: of deliveries or events, or aliases of
    publishers."""

    dry_run: bool = False
    """Whether nothing was changed."""

    event_id: UUID | None = field(default=None, compare=False)
    """The event that records the operation; None if it is not recorded, or changed nothing."""

    @classmethod
    def of(cls, ids: Sequence[Id], *, dry_run: bool = False) -> Self:
        """Return the result for a complete list of ids."""
        return cls(count=len(ids), ids=tuple(ids[:MAX_IDS]), dry_run=dry_run)

    @classmethod
    def preview(cls, rows: QuerySet[Any]) -> Self:
        """Return the result of a dry run that selects these rows."""
        ids = list(rows.values_list("pk", flat=True)[: MAX_IDS + 1])
        count = len(ids) if len(ids) <= MAX_IDS else rows.count()
        return cls(count=count, ids=tuple(ids[:MAX_IDS]), dry_run=True)

    @classmethod
    def of_batches(cls, batches: Iterable[Sequence[Id]], on_batch: OnBatch | None) -> Self:
        """Run batches to their end and return the result for all of them.

        Args:
            batches: the ids of each batch, yielded once the batch is committed.
            on_batch: reports progress.
        """
        count = 0
        ids: list[Id] = []
        for batch in batches:
            count += len(batch)
            ids += batch[: MAX_IDS - len(ids)]
            if on_batch is not None:
                on_batch(count)
        return cls(count=count, ids=tuple(ids))
