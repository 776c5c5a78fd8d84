"""Record what people do with the outbox itself: who, why, and with what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import router

from dj_actions.conf import get_settings
from dj_actions.exceptions import InvalidAction
from dj_actions.messages import Actor
from dj_actions.models import ActionEvent, Delivery
from dj_actions.outbox.queries import insert_event
from dj_actions.redaction import prepare_for_storage
from dj_actions.signals import action_recorded
from dj_actions.text import sanitize


def require_reason(reason: str) -> str:
    """Return the reason as it can be stored.

    Raises:
        InvalidAction: it says nothing.
    """
    if not reason.strip():
        raise InvalidAction("The reason is empty. Say why: it is recorded.")
    return sanitize(reason.strip())


def record_operation(
    resource: str,
    action: str,
    *,
    object_ids: Sequence[str],
    actor: Any,
    data: Mapping[str, Any],
    bulk: bool = False,
) -> ActionEvent:
    """Write an event that goes to no publisher, in the transaction of the operation.

    It is kept whatever TRACK_ACTIONS says, for nothing else tells who did it.

    Args:
        resource: `delivery` or `publisher`.
        action: what was done.
        object_ids: with what.
        actor: the user, or None for the system itself.
        data: what is kept as the input; plain JSON.
        bulk: whether it was done with many at once.
    """
    settings = get_settings()
    who = Actor.of(actor)
    event = ActionEvent(
        resource=resource,
        action=action,
        object_id=None if bulk else object_ids[0],
        object_ids=list(object_ids),
        actor_id=who.id if who else None,
        actor_label=who.label if who else "",
        request_data=prepare_for_storage(
            dict(data), sensitive=settings.sensitive_fields, limit=settings.max_stored_bytes
        ),
    )
    insert_event(event, {}, Delivery, using=router.db_for_write(ActionEvent))
    action_recorded.send(sender=ActionEvent, event=event)
    return event
