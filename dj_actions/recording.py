"""Write down what happened and where it has to go, in the transaction of the change itself."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections, router, transaction

from dj_actions.announcing import announce
from dj_actions.conf import RecordFailures, Settings, get_settings
from dj_actions.context import ActionContext, PlannedDelivery
from dj_actions.definitions import ActionDefinition
from dj_actions.exceptions import InvalidAction, OutsideTransaction
from dj_actions.messages import Actor
from dj_actions.models import ORDERING_LENGTH, ActionEvent, Delivery
from dj_actions.ordering import OWN_KEY, Line, Ordering, line_of_own_key
from dj_actions.plain import for_record, to_json
from dj_actions.querysets import insert_event, lock
from dj_actions.redaction import secrets_in, without
from dj_actions.signals import action_recorded
from dj_actions.storable import cleaned, is_storable

logger = logging.getLogger(__name__)

TEXT_LENGTH = 255
"""Characters of an id or a name that a record keeps."""

FLOOD_GUARDS = frozenset({401, 413, 429})
"""Refusals of those whom nobody knows, or of too much: recorded, they would fill the table."""

SERVER_FAULT = 500

NOT_AN_OBJECT = "not_an_object"
"""Key of what is stored in place of a body in which secrets have no names."""

NOT_STORABLE = "not_storable"
"""Key of what is stored in place of a refused input that no database can hold."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """What is known of an action that was refused, or crashed."""

    actor: Any
    """The user who asked for it, if any."""

    object_ids: Sequence[str]
    """What it was to act on, as the caller named it."""

    read_data: Callable[[], Any]
    """Returns what was sent; not asked if the refusal is not recorded."""

    body: Any
    """What the caller is answered."""

    status_code: int
    duration_ms: float = 0
    traceparent: str = ""


def actor_of(user: Any) -> Actor | None:
    """Return who acts; None for nobody in particular (no user, or an anonymous one)."""
    if user is None or not user.is_authenticated:
        return None
    label = user.get_username() if hasattr(user, "get_username") else str(user)
    key = getattr(user, "pk", None)
    return Actor(
        id=cleaned(str(label if key is None else key), TEXT_LENGTH),
        label=cleaned(str(label), TEXT_LENGTH),
    )


def database_of(definition: ActionDefinition) -> str:
    """Return the alias of the database that holds both the objects and the records.

    Raises:
        InvalidAction: they lie in different databases, so one transaction cannot hold both.
    """
    records = router.db_for_write(ActionEvent)
    objects = router.db_for_write(definition.model)
    if objects != records:
        raise InvalidAction(
            f"{definition.label} writes to the database {objects!r}, but its records lie in "
            f"{records!r}; they must share one, or a rollback could not take both back."
        )
    return objects


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
        return line_of_own_key(cleaned(own, ORDERING_LENGTH - len(OWN_KEY)))
    key = "" if definition.bulk else context.object_ids[0]
    concrete: Any = definition.model._meta.concrete_model
    return Line(concrete._meta.label_lower, cleaned(key, ORDERING_LENGTH))


def sensitive_fields(definition: ActionDefinition) -> frozenset[str]:
    """Return the names, in lower case, of the fields whose values no record may hold."""
    declared = definition.sensitive | definition.input.sensitive()
    if declared:
        declared = definition.input.also_known_as(declared)
    return frozenset(name.lower() for name in declared).union(get_settings().sensitive_fields)


def record_failure(definition: ActionDefinition, failed: Failed) -> ActionEvent | None:
    """Write one event without deliveries, once all that the action wrote is rolled back.

    It never raises: the caller has an error to answer already.

    Returns:
        The event; None if the settings ask for none, or the database took none.
    """
    settings = get_settings()
    if not _is_wanted(failed.status_code, settings):
        return None
    try:
        database = database_of(definition)
        if connections[database].in_atomic_block and connections[database].needs_rollback:
            return None  # a transaction around the action is lost, and this would be with it
        event = _failed_event(definition, failed, settings)
        with transaction.atomic(using=database):
            insert_event(event, {}, Delivery, using=database)
    except Exception as error:  # noqa: BLE001 - what failed first is what has to be told
        logger.warning("The failure of %s could not be recorded: %s", definition.label, error)
        return None
    return event


def _is_wanted(status_code: int, settings: Settings) -> bool:
    if not settings.track_actions or status_code in FLOOD_GUARDS:
        return False
    if settings.record_failures is RecordFailures.ALL:
        return True
    return settings.record_failures is RecordFailures.SERVER and status_code >= SERVER_FAULT


def _event(
    definition: ActionDefinition, context: ActionContext, done: Done, settings: Settings
) -> ActionEvent:
    actor = actor_of(context.actor)
    object_ids = list(context.object_ids)
    stored = _storing(definition, settings)
    return ActionEvent(
        id=context.event_id,
        resource=definition.resource,
        action=definition.name,
        version=definition.version,
        object_id=None if definition.bulk else cleaned(object_ids[0], TEXT_LENGTH),
        object_ids=object_ids,
        actor_id=actor.id if actor else None,
        actor_label=actor.label if actor else "",
        request_data=stored(done.data),
        response_data=stored(_result(definition, done)),
        status_code=done.status_code,
        duration_ms=done.duration_ms,
        summary=cleaned(context.emission.summary),
        recipients=[cleaned(entry) for entry in context.emission.recipients],
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
    return without(done.result, secrets_in(done.data, sensitive_fields(definition)))


def _failed_event(definition: ActionDefinition, failed: Failed, settings: Settings) -> ActionEvent:
    actor = actor_of(failed.actor)
    object_ids = [cleaned(key, TEXT_LENGTH) for key in failed.object_ids[: definition.max_items]]
    stored = _storing(definition, settings)
    names = sensitive_fields(definition)
    sent = _as_sent(failed.read_data())
    if names and not isinstance(sent, dict):
        sent = {NOT_AN_OBJECT: type(sent).__name__}
    return ActionEvent(
        resource=definition.resource,
        action=definition.name,
        version=definition.version,
        object_id=object_ids[0] if object_ids and not definition.bulk else None,
        object_ids=object_ids,
        actor_id=actor.id if actor else None,
        actor_label=actor.label if actor else "",
        request_data=stored(sent),
        # An error may repeat what was sent.
        response_data=stored(without(_as_sent(failed.body), secrets_in(sent, names))),
        status_code=failed.status_code,
        duration_ms=failed.duration_ms,
        traceparent=failed.traceparent,
    )


def _storing(definition: ActionDefinition, settings: Settings) -> Callable[[Any], Any]:
    """Return what takes secrets, and too much, out of plain JSON data."""
    return functools.partial(
        for_record, sensitive=sensitive_fields(definition), limit=settings.max_stored_bytes
    )


def _as_sent(value: Any) -> Any:
    """Return as plain JSON what may be anything: it was refused, perhaps for its very form."""
    try:
        plain = to_json(value if is_storable(value) else {NOT_STORABLE: True})
    except InvalidAction:
        return {NOT_STORABLE: True}
    return {} if plain is None else plain
