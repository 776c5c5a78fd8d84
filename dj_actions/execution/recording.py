"""Write down what happened and where it has to go, in the transaction of the change itself."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections

from dj_actions.conf import Settings, get_settings
from dj_actions.context import ActionContext, PlannedDelivery
from dj_actions.declaration.definition import ActionDefinition
from dj_actions.exceptions import OutsideTransaction
from dj_actions.execution.database import database_of
from dj_actions.messages import Actor
from dj_actions.models import ORDERING_LENGTH, ActionEvent, Delivery
from dj_actions.outbox.ordering import OWN_KEY, Line, line_of_own_key
from dj_actions.outbox.queries import insert_event, lock
from dj_actions.outbox.wakeup import announce
from dj_actions.policies import Ordering
from dj_actions.redaction import prepare_for_storage, remove_secrets, sensitive_values
from dj_actions.serialization import to_json
from dj_actions.signals import action_recorded
from dj_actions.text import MAX_NAME_LENGTH, sanitize

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What is known of an action that did what it was asked for."""

    data: Any = None
    """The validated input, as plain JSON."""

    result: Any = None
    """What the caller is answered, as plain JSON."""

    status_code: int = 200

    duration_ms: float = 0
    """Time from the start of the action, in milliseconds."""

    traceparent: str = ""
    """W3C trace context of the request."""

    idempotency_key: str | None = None
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The record of an action."""

    event: ActionEvent

    is_kept: bool = True
    """Whether it is in the database once the action has committed."""


def record(definition: ActionDefinition, context: ActionContext, done: Done) -> Recorded:
    """Write one event, and one delivery per publisher.

    If the settings track no events, one that nothing needs is not written.

    Raises:
        OutsideTransaction: no transaction is open, so the record could outlive the change.
    """
    database = database_of(definition)
    if not connections[database].in_atomic_block:
        raise OutsideTransaction(
            f"{definition.label} was to be recorded outside a transaction. "
            "Use Action.run() or open transaction.atomic() around the change and the record."
        )
    settings = get_settings()
    # An action that found, or could change, nothing has set off nothing.
    idle = definition.partial and not context.object_ids
    aliases = () if idle else settings.publishers_for(definition.label, definition.publish)
    context.planned += (
        PlannedDelivery(action=definition.label, publisher=alias) for alias in aliases
    )
    needed = aliases or done.idempotency_key or context.parent or context.has_children
    event = _event(definition, context, done, settings)
    if not (settings.track_actions or needed):
        return Recorded(event=event, is_kept=False)
    insert_event(event, _lines(definition, context, aliases), Delivery, using=database)
    if context.parent:
        context.parent.has_children = True
    if context.dry_run:
        event.refresh_from_db(fields=["created_at"])  # later there is nothing to ask
    else:
        announce(aliases, using=database)
        action_recorded.send(sender=ActionEvent, event=event)
    return Recorded(event=event, is_kept=not context.dry_run)


def _lines(
    definition: ActionDefinition, context: ActionContext, aliases: Sequence[str]
) -> dict[str, Line]:
    """Return where in which line the delivery to each publisher stands."""
    known = get_settings().publishers
    lines = dict.fromkeys(aliases, Line())
    ordered = [alias for alias in aliases if known[alias].ordering is Ordering.KEY]
    return lines | dict.fromkeys(ordered, _line(definition, context)) if ordered else lines


def _line(definition: ActionDefinition, context: ActionContext) -> Line:
    own = definition.ordering_key(context)
    if own is not None:
        # The object's own row is locked, so that its events get their places as they commit. Of
        # a key that is no row, this takes care.
        lock(f"dj_actions.line:{own}", using=database_of(definition))
        return line_of_own_key(sanitize(own, ORDERING_LENGTH - len(OWN_KEY)))
    key = "" if definition.bulk else context.object_ids[0]
    concrete: Any = definition.model._meta.concrete_model
    return Line(concrete._meta.label_lower, sanitize(key, ORDERING_LENGTH))


def sensitive_fields(definition: ActionDefinition) -> frozenset[str]:
    """Return the names, in lower case, of the fields whose values no record may hold."""
    declared = definition.sensitive | definition.input.sensitive_names()
    if declared:
        declared = definition.input.source_names(declared)
    return frozenset(name.lower() for name in declared).union(get_settings().sensitive_fields)


def _event(
    definition: ActionDefinition, context: ActionContext, done: Done, settings: Settings
) -> ActionEvent:
    actor = Actor.of(context.actor)
    object_ids = list(context.object_ids)
    stored = _storing(definition, settings)
    return ActionEvent(
        id=context.event_id,
        resource=definition.resource,
        action=definition.name,
        version=definition.version,
        object_id=None if definition.bulk else sanitize(object_ids[0], MAX_NAME_LENGTH),
        object_ids=object_ids,
        actor_id=actor.id if actor else None,
        actor_label=actor.label if actor else "",
        request_data=stored(done.data),
        response_data=stored(_result(definition, done)),
        status_code=done.status_code,
        duration_ms=done.duration_ms,
        summary=sanitize(context.emission.summary),
        recipients=[sanitize(entry) for entry in context.emission.recipients],
        extra=stored(to_json(context.emission.extra)),
        traceparent=done.traceparent,
        parent_id=context.parent.event_id if context.parent else None,
        idempotency_key=done.idempotency_key,
        fingerprint=done.fingerprint,
    )


def _result(definition: ActionDefinition, done: Done) -> Any:
    """Return the result; errors of a partial action may repeat what was sent."""
    if not definition.partial:
        return done.result
    return remove_secrets(done.result, sensitive_values(done.data, sensitive_fields(definition)))


def _storing(definition: ActionDefinition, settings: Settings) -> Callable[[Any], Any]:
    """Return what takes secrets, and too much, out of plain JSON data."""
    return functools.partial(
        prepare_for_storage, sensitive=sensitive_fields(definition), limit=settings.max_stored_bytes
    )
