"""Pause and resume publishers; who did it and why is recorded with it."""

from __future__ import annotations

from typing import Any

from django.db import router, transaction

from dj_actions.conf import get_settings
from dj_actions.exceptions import InvalidAction
from dj_actions.messages import Actor
from dj_actions.models import PublisherState
from dj_actions.operations.audit import record_operation, require_reason
from dj_actions.outbox.wakeup import wake_relays
from dj_actions.text import did_you_mean


def pause(alias: str, *, actor: Any, reason: str) -> bool:
    """Let no relay send to a publisher until somebody resumes it; its deliveries wait.

    Args:
        alias: the publisher.
        actor: the user who does it, or None for the system itself.
        reason: why.

    Returns:
        False if it was paused already; if not, an event `publisher.pause` says who and why.

    Raises:
        InvalidAction: there is no such publisher, or the reason is empty.
    """
    why = require_reason(reason)
    require_publisher(alias)
    who = Actor.of(actor)
    with transaction.atomic(using=router.db_for_write(PublisherState)):
        is_new = PublisherState.objects.pause(alias, by=who.label if who else "", reason=why)
        if is_new:
            _record("pause", alias, actor, why)
    return is_new


def resume(alias: str, *, actor: Any, reason: str) -> bool:
    """Let relays send to a publisher again.

    Args:
        alias: the publisher; it may have left the settings while it was paused.
        actor: the user who does it, or None for the system itself.
        reason: why.

    Returns:
        False if it was not paused; if it was, an event `publisher.resume` says who and why.

    Raises:
        InvalidAction: the reason is empty.
    """
    why = require_reason(reason)
    with transaction.atomic(using=router.db_for_write(PublisherState)):
        was_paused = PublisherState.objects.resume(alias)
        if was_paused:
            _record("resume", alias, actor, why)
            wake_relays([alias], using=router.db_for_write(PublisherState))
    return was_paused


def require_publisher(alias: str) -> None:
    """Raise InvalidAction if the settings lack a publisher."""
    known = get_settings().publishers
    if alias not in known:
        raise InvalidAction(
            f"DJ_ACTIONS['PUBLISHERS'] has no {alias!r}.{did_you_mean(alias, known)}"
        )


def _record(action: str, alias: str, actor: Any, reason: str) -> None:
    record_operation("publisher", action, object_ids=[alias], actor=actor, data={"reason": reason})
