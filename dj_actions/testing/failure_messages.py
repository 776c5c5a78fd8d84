"""The second half of a failed assertion's message: the events and deliveries that exist."""

from __future__ import annotations

from collections.abc import Sequence

from dj_actions.conf import get_settings
from dj_actions.models import ActionEvent, Delivery

MAX_LISTED = 20
"""Maximum number of events or deliveries in a message: the latest ones."""

MAX_IDS = 5
"""Maximum number of ids of a bulk action's event in a message."""


def times(number: int) -> str:
    """Return `once`, or the number of times."""
    return "once" if number == 1 else f"{number} times"


def events_recorded() -> str:
    """Return a list of the recorded events, including failures."""
    events = ActionEvent.objects.order_by("id")
    if not events:
        return "No events were recorded."
    return _list("Recorded events", [_line_of_event(event) for event in events])


def deliveries_of(events: Sequence[ActionEvent], deliveries: Sequence[Delivery]) -> str:
    """Return a list of the deliveries of some events, or the reason why there are none."""
    if not events:
        return f"It was not recorded. {events_recorded()}"
    if not deliveries:
        known = ", ".join(get_settings().publishers) or "none"
        return (
            "It has no deliveries: no route matches, and `publish` lists no publisher. "
            f"Configured publishers: {known}."
        )
    listed = _list("Its deliveries", [_line_of_delivery(delivery) for delivery in deliveries])
    if any(delivery.attempts or delivery.errors for delivery in deliveries):
        return listed
    return f"{listed}\nNone of them was attempted yet: call drain() first."


def unknown_publisher(alias: str | None) -> str:
    """Return a sentence if the publisher is not configured, otherwise an empty string."""
    settings = get_settings()
    if alias is None or alias in settings.publishers:
        return ""
    return f"{settings.unknown_publisher(alias)} "


def _list(title: str, lines: Sequence[str]) -> str:
    left_out = len(lines) - MAX_LISTED
    more = [f"({left_out} earlier ones are not listed)"] if left_out > 0 else []
    return "\n  ".join([f"{title}:", *more, *lines[-MAX_LISTED:]])


def _line_of_event(event: ActionEvent) -> str:
    objects = ", ".join(event.object_ids[:MAX_IDS])
    more = ", …" if len(event.object_ids) > MAX_IDS else ""
    actor = event.actor_label or "no actor"
    return f"{event.label} on {objects}{more} by {actor}: status {event.status_code}"


def _line_of_delivery(delivery: Delivery) -> str:
    attempts = "1 attempt" if delivery.attempts == 1 else f"{delivery.attempts} attempts"
    line = f"{delivery.publisher}: {delivery.state}, {attempts}"
    if not delivery.errors:
        return line
    last = delivery.errors[-1]
    return f"{line}, {last['kind']}: {last['message']}"
