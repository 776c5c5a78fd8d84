"""Record the operations on the outbox: the actor, the reason, and the affected objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db import router

from dj_actions.conf import Settings, get_settings
from dj_actions.context import ChainPosition
from dj_actions.exceptions import InvalidAction
from dj_actions.messages import Actor
from dj_actions.models import ActionEvent, Delivery
from dj_actions.outbox.queries import insert_event
from dj_actions.redaction import prepare_for_storage
from dj_actions.signals import action_recorded
from dj_actions.text import is_storable, sanitize, sanitize_summary

NOT_STORABLE = {"not_storable": True}
"""Stored instead of a result that no database can hold."""


def require_reason(reason: str) -> str:
    """Return the reason in the form in which it is stored.

    Raises:
        InvalidAction: the reason is empty.
    """
    if not reason.strip():
        raise InvalidAction("The reason is empty. State a reason: it is recorded.")
    return sanitize(reason.strip())


def record_operation(
    resource: str,
    action: str,
    *,
    object_ids: Sequence[str],
    actor: Any,
    data: Mapping[str, Any],
    bulk: bool = False,
    result: Any = None,
    status_code: int = HTTPStatus.OK,
    summary: str = "",
    parent: UUID | None = None,
    idempotency_key: str | None = None,
) -> ActionEvent:
    """Write an event without deliveries, in the transaction of the operation.

    It is written even if TRACK_ACTIONS is off: no other record shows who ran the operation.

    Args:
        resource: what the operation is about, for example `delivery` or `publisher`.
        action: name of the operation.
        object_ids: ids of the affected objects.
        actor: the user, or None for the system itself.
        data: stored as the input of the event; plain JSON. Sensitive fields are redacted.
        bulk: whether the operation accepts many objects.
        result: stored as the result of the event; plain JSON.
        status_code: how it ended, as in HTTP; 400 and above: it failed.
        summary: one sentence about it.
        parent: id of the event that this one belongs to.
        idempotency_key: the same user records the same operation with this key only once.

    Raises:
        InvalidAction: no database can store the data.
        django.db.IntegrityError: the operation was recorded before with this key.
    """
    if not is_storable(data):
        raise InvalidAction(
            f"{resource}.{action}: the input contains null characters, numbers that are not "
            "finite, or too many levels of nesting."
        )
    settings = get_settings()
    user = Actor.of(actor)
    position = ActionEvent.objects.position_below(parent) if parent else ChainPosition()
    event = ActionEvent(
        resource=resource,
        action=action,
        object_id=None if bulk else object_ids[0],
        object_ids=list(object_ids),
        actor_id=user.id if user else None,
        actor_label=user.label if user else "",
        request_data=_storable(dict(data), settings),
        response_data=_storable(result, settings),
        status_code=status_code,
        summary=sanitize_summary(summary),
        parent_id=position.parent,
        root=position.root,
        depth=position.depth,
        idempotency_key=idempotency_key,
    )
    insert_event(event, (), Delivery, using=router.db_for_write(ActionEvent))
    action_recorded.send(sender=ActionEvent, event=event)
    return event


def _storable(plain: Any, settings: Settings) -> Any:
    return prepare_for_storage(
        plain if is_storable(plain) else NOT_STORABLE,
        sensitive=settings.sensitive_fields,
        limit=settings.max_stored_bytes,
    )
