"""Find the event that an id belongs to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from urllib.parse import urlencode
from uuid import UUID

from django.db import router
from django.urls import reverse
from django.utils.translation import gettext

from dj_actions.models import ActionEvent, Delivery
from dj_actions.outbox.queries import MAX_ID, ActionEventQuerySet, DeliveryQuerySet
from dj_actions.registry import registry

MAX_RESULTS = 50
"""Events that a search shows."""

OPERATED = "delivery"
"""The resource of operators' acts: its objects are deliveries."""

NEARBY = timedelta(milliseconds=1)
"""How far the time in an activity's id may be from that of its event."""

MAX_NEARBY = 100
"""Events of that time that are compared."""

TICKS_BEFORE_1970, TICKS_PER_SECOND = 0x01B21DD213814000, 10_000_000
"""How a UUID of version 1 counts time: https://www.rfc-editor.org/rfc/rfc9562#section-5.1."""

UUID_IN_TEXT = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """Where a search leads."""

    url: str
    """The one page that was meant; empty if there are several, or none."""

    events: Sequence[ActionEvent] = ()
    explanation: str = ""
    delivery_event: UUID | None = None
    """The event of the delivery with that number, where objects have the same id."""


def search(text: str) -> SearchResult:
    """Find events by an id of any kind: of an event, a delivery, a run, an activity, an object.

    Args:
        text: what was entered.
    """
    text = text.strip()
    if not text:
        return SearchResult(url="", explanation=gettext("Enter an id, an object or a name."))
    if (found := _first_of(ANYWHERE, text)) is not None:
        return SearchResult(url=_event_url(found))
    resource, object_id = _named_object(text)
    if resource == OPERATED and (event_id := _by_delivery_id(object_id)):
        return SearchResult(url=_event_url(event_id))
    if resource:
        query = urlencode({"resource": resource, "object": object_id})
        return SearchResult(url=f"{reverse('dj_actions_console:object')}?{query}")
    delivery_event, events = _by_delivery_id(text), _by_object_or_actor(text)
    if delivery_event and not events:
        return SearchResult(url=_event_url(delivery_event))
    return SearchResult(
        url="",
        events=events,
        delivery_event=delivery_event,
        explanation=gettext("Actions on the object %(text)s, or by the user %(text)s")
        % {"text": text},
    )


def _named_object(text: str) -> tuple[str, str]:
    """Return resource and id of an object: `todo:7`, or `todo 7` as pages show it; else empty."""
    resource, _, object_id = text.rpartition(":")
    if resource and object_id:
        return resource.strip(), object_id.strip()
    resource, _, object_id = text.partition(" ")
    known = {OPERATED, *(definition.resource for definition in registry)}
    return (resource, object_id) if object_id and resource in known else ("", "")


def _event_url(event_id: UUID) -> str:
    return reverse("dj_actions_console:event", args=[event_id])


def event_of_id(text: str) -> UUID | None:
    """Return the event that an id belongs to; None if there is none.

    Args:
        text: the id of an event, a delivery, a remote run or an activity, or an idempotency key.
    """
    return _first_of((_by_delivery_id, *ANYWHERE), text)


def _first_of(ways: Iterable[Way], text: str) -> UUID | None:
    return next((found for way in ways if (found := way(text)) is not None), None)


def _by_event_id(text: str) -> UUID | None:
    """Return an event whose id is in the text, as in `djactions-<id>`."""
    found = UUID_IN_TEXT.search(text)
    if found is None:
        return None
    return _events().filter(pk=UUID(found[0])).values_list("pk", flat=True).first()


def _by_delivery_id(text: str) -> UUID | None:
    is_number = text.isascii() and text.isdecimal() and int(text[:20]) <= MAX_ID
    if not is_number:
        return None
    return _deliveries().filter(pk=int(text)).values_list("event_id", flat=True).first()


def _by_activity(text: str) -> UUID | None:
    """Return the event of an activity whose id has the time of the event, as those of Stream do."""
    found = UUID_IN_TEXT.fullmatch(text)
    time = _time_of(UUID(text)) if found else None
    if time is None:
        return None
    events = _events().recorded_between(time - NEARBY, time + NEARBY).order_by("pk")
    near = _deliveries().filter(event__in=events.values("pk")[:MAX_NEARBY])
    for event_id, receipt_id, parts in near.values_list("event", "receipt_id", "receipt_parts"):
        if text.lower() in {receipt_id.lower(), *(str(part.get("id")).lower() for part in parts)}:
            return UUID(str(event_id))
    return None


def _time_of(activity_id: UUID) -> datetime | None:
    """Return the time in a UUID of version 1; None if it is of another version, or absurd."""
    if activity_id.version != 1:
        return None
    seconds = (activity_id.time - TICKS_BEFORE_1970) / TICKS_PER_SECOND
    try:
        return datetime.fromtimestamp(seconds, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _by_key(text: str) -> UUID | None:
    keyed = _events().filter(idempotency_key=text).order_by()
    return keyed.values_list("pk", flat=True).first()


def _by_recent_receipt(text: str) -> UUID | None:
    """Return the event of a result that no index has, if it is a recent one."""
    found = _deliveries().newest_with("receipt_id", text).order_by()
    return found.values_list("event_id", flat=True).first()


def _by_object_or_actor(text: str) -> list[ActionEvent]:
    by_object = _events().matching(object=text).page_before(None, size=MAX_RESULTS)
    by_actor = _events().by_actor(text).page_before(None, size=MAX_RESULTS)
    found = {event.pk: event for event in (*by_object, *by_actor)}
    return [found[key] for key in sorted(found, reverse=True)][:MAX_RESULTS]


def _deliveries() -> DeliveryQuerySet:
    return Delivery.objects.using(router.db_for_write(Delivery))


def _events() -> ActionEventQuerySet:
    return ActionEvent.objects.using(router.db_for_write(ActionEvent))


Way: TypeAlias = Callable[[str], UUID | None]
"""Finds the event that a text leads to; None if it leads to none."""

ANYWHERE: Sequence[Way] = (_by_event_id, _by_activity, _by_key, _by_recent_receipt)
"""Ways for ids that are distinct wherever they are from. That of a delivery is a mere number."""
