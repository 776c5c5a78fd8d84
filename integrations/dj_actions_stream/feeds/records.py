"""Links from an activity to what is recorded of it, for the staff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.urls import NoReverseMatch, reverse

from dj_actions.messages import web_url
from dj_actions.models import ActionEvent, Delivery

if TYPE_CHECKING:
    from dj_actions_stream.feeds.users import Viewer

PERMISSIONS = ("dj_actions.view_actionevent", "dj_actions.view_delivery")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLink:
    """A link to the record of an event, or to what became of it elsewhere."""

    label: str
    url: str


def may_view_records(viewer: Viewer) -> bool:
    """Return whether a user may view events and deliveries, as the admin decides it."""
    has_perms = getattr(viewer, "has_perms", None)
    is_staff = getattr(viewer, "is_staff", False)
    return bool(viewer.is_active and is_staff and has_perms and has_perms(PERMISSIONS))


def record_links(
    event_ids: Iterable[UUID | None], viewer: Viewer
) -> Mapping[UUID, tuple[RecordLink, ...]]:
    """Return the links to events in the admin, and to their results at other destinations.

    Args:
        event_ids: ids of events; None for an activity of another program.
        viewer: the user who reads; only the staff gets links.

    Returns:
        Id of an event that is recorded → its links.
    """
    wanted = {event_id for event_id in event_ids if event_id}
    if not wanted or not may_view_records(viewer):
        return {}
    recorded = ActionEvent.objects.filter(pk__in=wanted).values_list("pk", flat=True)
    links = {event_id: _event_links(event_id) for event_id in recorded}
    deliveries = Delivery.objects.filter(event_id__in=links).order_by("publisher")
    for delivery in deliveries.only("event_id", "publisher", "receipt_id", "receipt_url"):
        if url := web_url(delivery.receipt_url):
            label = f"{delivery.publisher}: {delivery.receipt_id}"
            links[delivery.event_id].append(RecordLink(label=label, url=url))
    return {event_id: tuple(found) for event_id, found in links.items()}


def _event_links(event_id: UUID) -> list[RecordLink]:
    try:
        url = reverse("admin:dj_actions_actionevent_change", args=[event_id])
    except NoReverseMatch:
        return []
    return [RecordLink(label="Event", url=url)]
