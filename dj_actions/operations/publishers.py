"""Pause and resume publishers; both are recorded with the actor and the reason."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import router, transaction

from dj_actions.conf import get_settings
from dj_actions.exceptions import InvalidAction
from dj_actions.messages import Actor
from dj_actions.models import PublisherState
from dj_actions.operations.audit import record_operation, require_reason
from dj_actions.operations.result import OperationResult
from dj_actions.outbox.wakeup import wake_relays


def pause(*aliases: str, actor: Any, reason: str, dry_run: bool = False) -> OperationResult:
    """Stop relays from sending to publishers until they are resumed; deliveries are queued.

    Args:
        aliases: the publishers; those that are paused already are left unchanged.
        actor: the user who pauses them, or None for the system itself.
        reason: why; recorded in one event `publisher.pause` per publisher.
        dry_run: change nothing, and return what would be changed; needs no reason.

    Raises:
        InvalidAction: a publisher is not configured, or the reason is empty. No publisher is
            paused then.
    """
    for alias in aliases:
        require_publisher(alias)
    chosen = list(dict.fromkeys(aliases))
    if dry_run:
        paused = _paused()
        return OperationResult.of([alias for alias in chosen if alias not in paused], dry_run=True)
    stored_reason = require_reason(reason)
    return OperationResult.of([alias for alias in chosen if _pause(alias, actor, stored_reason)])


def resume(*aliases: str, actor: Any, reason: str, dry_run: bool = False) -> OperationResult:
    """Let relays send to publishers again.

    Args:
        aliases: the publishers; those that are not paused are left unchanged. One that was removed
            from the settings while it was paused can be resumed, too.
        actor: the user who resumes them, or None for the system itself.
        reason: why; recorded in one event `publisher.resume` per publisher.
        dry_run: change nothing, and return what would be changed; needs no reason.

    Raises:
        InvalidAction: a publisher is unknown, or the reason is empty. No publisher is resumed
            then.
    """
    for alias in aliases:
        require_publisher(alias, or_in=_with_state())
    chosen = list(dict.fromkeys(aliases))
    if dry_run:
        paused = _paused()
        return OperationResult.of([alias for alias in chosen if alias in paused], dry_run=True)
    stored_reason = require_reason(reason)
    return OperationResult.of([alias for alias in chosen if _resume(alias, actor, stored_reason)])


def require_publisher(alias: str, *, or_in: Collection[str] = ()) -> None:
    """Raise InvalidAction if a publisher is not configured.

    Args:
        alias: the publisher.
        or_in: more aliases to accept, of publishers that were removed from the settings.
    """
    settings = get_settings()
    if alias not in {*settings.publishers, *or_in}:
        raise InvalidAction(settings.unknown_publisher(alias, also=or_in))


def _pause(alias: str, actor: Any, reason: str) -> bool:
    user = Actor.of(actor)
    with transaction.atomic(using=_database()):
        changed = PublisherState.objects.pause(alias, by=user.label if user else "", reason=reason)
        if changed:
            _record("pause", alias, actor, reason)
    return changed


def _resume(alias: str, actor: Any, reason: str) -> bool:
    with transaction.atomic(using=_database()):
        changed = PublisherState.objects.resume(alias)
        if changed:
            _record("resume", alias, actor, reason)
            wake_relays([alias], using=_database())
    return changed


def _record(action: str, alias: str, actor: Any, reason: str) -> None:
    record_operation("publisher", action, object_ids=[alias], actor=actor, data={"reason": reason})


def _paused() -> set[str]:
    rows = PublisherState.objects.using(_database()).paused()
    return set(rows.values_list("alias", flat=True))


def _with_state() -> set[str]:
    rows = PublisherState.objects.using(_database()).publishers()
    return set(rows.values_list("alias", flat=True))


def _database() -> str:
    return router.db_for_write(PublisherState)
