"""What the records say should be in feeds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import QuerySet

from dj_actions.models import Delivery
from dj_actions.states import DeliveryState
from dj_actions_stream.effects import Effect, EffectKind
from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.mapping.earlier import message_of
from dj_actions_stream.publishing.base import FeedsPublisher
from dj_actions_stream.publishing.finding import feeds_of

PAGE_SIZE = 500
"""Deliveries that are read at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which records are compared."""

    since: datetime | None = None
    """The action ran at this time or later."""

    until: datetime | None = None
    """The action ran before this time."""

    actor: str | None = None
    """Primary key of the user who ran it."""

    feed: FeedId | None = None
    """Only activities of this feed, and only this feed."""

    def deliveries(self, alias: str, state: DeliveryState) -> QuerySet[Delivery]:
        """Return the deliveries of a publisher that are selected, the newest first."""
        found = Delivery.objects.matching(
            publisher=alias, state=state, since=self.since, until=self.until
        )
        if self.actor is not None:
            found = found.filter(event__actor_id=self.actor)
        return found.order_by("-event_id")

    def effects(self, found: tuple[Effect, ...]) -> Iterator[Effect]:
        """Yield those effects that add a selected activity."""
        for effect in found:
            if self.feed is None:
                yield effect
            elif self.feed in feeds_of(effect):
                yield replace(effect, feeds=(self.feed,), to=())


def pages_of(rows: QuerySet[Delivery]) -> Iterator[list[Delivery]]:
    """Yield deliveries with their events, page by page."""
    page = list(rows.select_related("event")[:PAGE_SIZE])
    while page:
        yield page
        page = list(rows.select_related("event").filter(event__lt=page[-1].event_id)[:PAGE_SIZE])


def effects_of(publisher: FeedsPublisher, delivery: Delivery) -> tuple[Effect, ...]:
    """Return the effects of a delivery that add activities.

    Raises:
        PublishError: they are not known any more.
    """
    return publisher.mapping.additions(message_of(delivery))


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterChanges:
    """What later messages did to an activity."""

    is_removed: bool = False

    updates: tuple[int, ...] = ()
    """Ids of the deliveries that have updated it."""


def later_changes_of(
    publisher: FeedsPublisher, delivery: Delivery, activity_id: str
) -> LaterChanges:
    """Return what later messages about the same object did to an activity of a delivery.

    Raises:
        PublishError: the effects of one of them are not known any more.
    """
    event, updates = delivery.event, []
    later = Delivery.objects.filter(
        publisher=publisher.alias,
        state=DeliveryState.DELIVERED,
        event__resource=event.resource,
        event__object_id__in=event.object_ids,
        event__gt=event.pk,
    )
    for entry in later.select_related("event").order_by("event_id"):
        for effect in publisher.mapping.effects(message_of(entry)):
            if effect.id == activity_id and effect.kind is EffectKind.REMOVE:
                return LaterChanges(is_removed=True)
            if effect.id == activity_id and effect.kind is EffectKind.UPDATE:
                updates.append(entry.pk)
    return LaterChanges(updates=tuple(dict.fromkeys(updates)))
