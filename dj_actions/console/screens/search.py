"""Find the event that an id belongs to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db import router
from django.urls import reverse
from django.utils.translation import gettext

from dj_actions.models import ActionEvent, Delivery
from dj_actions.outbox.queries import MAX_ID, ActionEventQuerySet
from dj_actions.registry import registry

MAX_RESULTS = 50
"""Events that a search shows."""

OPERATED = "delivery"
"""The resource of operators' acts: its objects are deliveries."""

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
    for find in (_by_event_id, _by_receipt, _by_idempotency_key):
        if (event_id := find(text)) is not None:
            return SearchResult(url=_event_url(event_id))
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


def _by_event_id(text: str) -> UUID | None:
    """Return an event whose id is in the text, as in `djactions-<id>`."""
    found = UUID_IN_TEXT.search(text)
    if found is None:
        return None
    return _first_id(_events().filter(pk=UUID(found[0])))


def _by_delivery_id(text: str) -> UUID | None:
    is_number = text.isascii() and text.isdecimal() and int(text[:20]) <= MAX_ID
    return _event_of(pk=int(text)) if is_number else None


def _by_receipt(text: str) -> UUID | None:
    return _event_of(receipt_id=text) if UUID_IN_TEXT.search(text) else None


def _by_idempotency_key(text: str) -> UUID | None:
    return _first_id(_events().filter(idempotency_key=text))


def _by_object_or_actor(text: str) -> list[ActionEvent]:
    by_object = _events().matching(object=text).page_before(None, size=MAX_RESULTS)
    by_actor = _events().matching(actor=text).page_before(None, size=MAX_RESULTS)
    found = {event.pk: event for event in (*by_object, *by_actor)}
    return [found[key] for key in sorted(found, reverse=True)][:MAX_RESULTS]


def _first_id(events: ActionEventQuerySet) -> UUID | None:
    return events.values_list("pk", flat=True).first()


def _event_of(**wanted: Any) -> UUID | None:
    deliveries = Delivery.objects.using(router.db_for_write(Delivery)).filter(**wanted)
    return deliveries.values_list("event_id", flat=True).first()


def _events() -> ActionEventQuerySet:
    return ActionEvent.objects.using(router.db_for_write(ActionEvent))
