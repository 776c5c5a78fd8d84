"""The reactions to activities and to other reactions, and how many there are of each kind."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber

if TYPE_CHECKING:
    from django.db.models.expressions import OrderBy

# Stream's documented number of levels: a reaction, its children, and theirs.
MAX_LEVEL = 3
NEWEST_FIRST = ("-created_at", "-id")


class ReactionQuerySet(models.QuerySet["Reaction"]):
    """A queryset of reactions."""

    def existing(self) -> Self:
        """Return the reactions without those that were deleted softly."""
        return self.filter(deleted_at=None)

    def newest_first(self) -> Self:
        """Return the reactions in Stream's default order."""
        return self.order_by(*NEWEST_FIRST)

    def of_activities(self, activity_ids: Collection[UUID]) -> Self:
        """Return the reactions to activities, without their children."""
        return self.filter(activity_id__in=activity_ids, parent=None)

    def of_kinds(self, kinds: Collection[str]) -> Self:
        """Return the reactions of these kinds, or all if there are none."""
        return self.filter(kind__in=kinds) if kinds else self

    def newest_of_each(self, *group: str, limit: int) -> Self:
        """Return at most `limit` reactions of each group of fields, the newest first."""
        number = Window(RowNumber(), partition_by=list(group), order_by=_newest_first())
        return self.newest_first().annotate(number=number).filter(number__lte=limit)


class ReactionCountQuerySet(models.QuerySet["ReactionCount"]):
    """A queryset of the numbers of reactions."""

    def change(self, target: UUID, kind: str, by: int) -> None:
        """Add to the number of reactions of a kind to an activity or a reaction."""
        counts = self.filter(target=target, kind=kind)
        if not counts.update(count=F("count") + by):
            # Insert a zero, because a concurrent request may insert the row first.
            self.bulk_create([self.model(target=target, kind=kind)], ignore_conflicts=True)
            counts.update(count=F("count") + by)

    def by_kind(self, targets: Iterable[UUID]) -> dict[UUID, dict[str, int]]:
        """Return the number of reactions of each kind, for each target that ever had one.

        A kind stays with 0 after its last reaction was deleted, as in Stream.
        """
        counts: dict[UUID, dict[str, int]] = {}
        for row in self.filter(target__in=list(targets)).order_by("kind"):
            counts.setdefault(row.target, {})[row.kind] = row.count
        return counts


class Reaction(models.Model):
    """A reaction of a user to an activity, or to another reaction (`parent`).

    The activity need not exist: Stream accepts reactions to any activity id.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    kind = models.CharField(max_length=255)
    activity_id = models.UUIDField()
    parent = models.ForeignKey(
        "self", null=True, on_delete=models.CASCADE, related_name="children", db_index=False
    )
    level = models.PositiveSmallIntegerField(default=1)
    user_id = models.CharField(max_length=255)
    data = models.JSONField(default=dict)
    target_feeds = models.JSONField(default=list)
    target_feeds_extra_data = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    objects = ReactionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["activity_id", *NEWEST_FIRST],
                condition=Q(parent=None),
                name="feeds_reaction_of_activity",
            ),
            models.Index(
                fields=["activity_id", "kind", *NEWEST_FIRST],
                condition=Q(parent=None),
                name="feeds_reaction_of_kind",
            ),
            models.Index(fields=["parent", *NEWEST_FIRST], name="feeds_reaction_of_parent"),
            models.Index(fields=["user_id", *NEWEST_FIRST], name="feeds_reaction_of_user"),
            models.Index(fields=["user_id", "activity_id"], name="feeds_reaction_own"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind} {self.parent_id or self.activity_id}"

    @property
    def target(self) -> UUID:
        """The reaction or the activity that this is a reaction to."""
        return self.parent_id or self.activity_id


class ReactionCount(models.Model):
    """The number of existing reactions of a kind to an activity or a reaction."""

    target = models.UUIDField()
    kind = models.CharField(max_length=255)
    count = models.PositiveIntegerField(default=0)

    objects = ReactionCountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["target", "kind"], name="feeds_reaction_count_once")
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.kind} {self.target}"


def _newest_first() -> list[OrderBy]:
    return [F(name.removeprefix("-")).desc() for name in NEWEST_FIRST]
