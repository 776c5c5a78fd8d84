"""States in the admin: a symbol, a word and a color, so that none of them is alone."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dj_actions.console.screens.status import (
    FAILED,
    SUCCEEDED,
    Status,
    delivery_status,
    remote_status,
)
from dj_actions.models import ActionEvent, Delivery
from dj_actions.states import RemoteState


def badge(status: Status, *, text: Any = None) -> SafeString:
    """Return a state with its symbol and its color.

    Args:
        status: the state.
        text: what is written in place of its word.
    """
    return format_html(
        '<span class="dj-actions-status {}"><span aria-hidden="true">{}</span> {}</span>',
        f"dj-actions-{status.tone.value}",
        status.symbol,
        status.word if text is None else text,
    )


def badges_of(delivery: Delivery) -> SafeString:
    """Return the state of a delivery, and below it that of its remote run, if there is one."""
    own = badge(delivery_status(delivery.state, attempts=delivery.attempts))
    if delivery.remote_state == RemoteState.UNTRACKED:
        return own
    return format_html("{}<br>{}", own, badge(remote_status(delivery.remote_state)))


def badge_with_publisher(delivery: Delivery) -> SafeString:
    """Return the state of a delivery after the name of its publisher."""
    status = delivery_status(delivery.state)
    return badge(status, text=f"{delivery.publisher}: {status.word}")


def badge_of_outcome(event: ActionEvent) -> SafeString:
    """Return whether an action succeeded, and its status code."""
    status = SUCCEEDED if event.succeeded else FAILED
    return badge(status, text=f"{status.word} ({event.status_code})")
