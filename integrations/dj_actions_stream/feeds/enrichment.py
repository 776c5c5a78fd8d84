"""Add the objects to the references of a page, with one query for each resource."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from dj_actions_stream.feeds.objects import FoundObjects, find_objects
from dj_actions_stream.feeds.values import FeedActivity, FeedPage, Reference

if TYPE_CHECKING:
    from dj_actions_stream.feeds.users import Viewer


def enrich(page: FeedPage, viewer: Viewer) -> FeedPage:
    """Return the page with the objects that its actors, objects and targets refer to.

    Args:
        page: as it was read.
        viewer: the user who reads, who may not see every object.
    """
    activities = [*page.activities, *(entry for group in page.groups for entry in group.activities)]
    wanted: dict[str, dict[str, None]] = {}
    for reference in _references(activities):
        if reference.key:
            wanted.setdefault(reference.resource, {})[reference.key] = None
    found = find_objects(wanted, viewer)
    return replace(
        page,
        activities=_enriched(page.activities, found),
        groups=tuple(
            replace(group, activities=_enriched(group.activities, found)) for group in page.groups
        ),
    )


def _references(activities: Iterable[FeedActivity]) -> Iterator[Reference]:
    for activity in activities:
        yield from (activity.actor, activity.object, *activity.objects)
        if activity.target:
            yield activity.target


def _enriched(activities: Iterable[FeedActivity], found: FoundObjects) -> tuple[FeedActivity, ...]:
    return tuple(
        replace(
            activity,
            actor=_resolve(activity.actor, found),
            object=_resolve(activity.object, found),
            target=_resolve(activity.target, found) if activity.target else None,
            objects=tuple(_resolve(entry, found) for entry in activity.objects),
        )
        for activity in activities
    )


def _resolve(reference: Reference, found: FoundObjects) -> Reference:
    """Return the reference with its object and its label.

    The activity's own label comes first: the owner of a user token can write a reference to
    any object, and must not find out its name by that.
    """
    rows = found.rows.get(reference.resource)
    instance = rows.get(reference.key) if rows else None
    name = str(instance) if instance and reference.resource in found.named else ""
    return replace(
        reference,
        instance=instance,
        label=reference.label or name or reference.text,
        is_missing=bool(reference.key) and rows is not None and instance is None,
    )
