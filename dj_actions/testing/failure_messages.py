"""What there is, in words: the second half of a failed assertion's message."""

from __future__ import annotations

from collections.abc import Sequence

from dj_actions.conf import get_settings
from dj_actions.models import ActionEvent, Delivery
from dj_actions.text import did_you_mean

MOST_LISTED = 20
"""How many events or deliveries a message lists: the latest ones."""

MOST_IDS = 5
"""How many objects of a bulk action a message names."""


def times(number: int) -> str:
    """Return `once`, or how many times."""
    return "once" if number == 1 else f"{number} times"


def events_recorded() -> str:
    """List what was recorded, successes and failures."""
    events = ActionEvent.objects.order_by("id")
    if not events:
        return "Nothing was recorded."
    return _list("What was recorded", [_line_of_event(event) for event in events])


def deliveries_of(events: Sequence[ActionEvent], deliveries: Sequence[Delivery]) -> str:
    """List what became of the deliveries of some events, or tell why there are none."""
    if not events:
        return f"It was not recorded. {events_recorded()}"
    if not deliveries:
        known = ", ".join(get_settings().publishers) or "none"
        return f"It goes nowhere: no route, no `publish` names a publisher; configured: {known}."
    listed = _list("Its deliveries", [_line_of_delivery(delivery) for delivery in deliveries])
    if any(delivery.attempts or delivery.errors for delivery in deliveries):
        return listed
    return f"{listed}\nNone of them has been tried: call drain() first."


def unknown_publisher(alias: str | None) -> str:
    """Say that a publisher is not configured; nothing if it is."""
    known = get_settings().publishers
    if alias is None or alias in known:
        return ""
    return f"No publisher {alias!r} is configured.{did_you_mean(alias, known)} "


def _list(title: str, lines: Sequence[str]) -> str:
    left_out = len(lines) - MOST_LISTED
    more = [f"({left_out} earlier ones are left out)"] if left_out > 0 else []
    return "\n  ".join([f"{title}:", *more, *lines[-MOST_LISTED:]])


def _line_of_event(event: ActionEvent) -> str:
    objects = ", ".join(event.object_ids[:MOST_IDS])
    more = ", …" if len(event.object_ids) > MOST_IDS else ""
    actor = event.actor_label or "nobody"
    return f"{event.label} of {objects}{more} by {actor}: {event.status_code}"


def _line_of_delivery(delivery: Delivery) -> str:
    attempts = "1 attempt" if delivery.attempts == 1 else f"{delivery.attempts} attempts"
    line = f"{delivery.publisher}: {delivery.state}, {attempts}"
    if not delivery.errors:
        return line
    last = delivery.errors[-1]
    return f"{line}, {last['kind']}: {last['message']}"
