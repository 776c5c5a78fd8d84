"""Write the event of an action that was refused or raised an error."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db import connections, transaction

from dj_actions.conf import RecordFailures, Settings, get_settings
from dj_actions.context import ChainPosition
from dj_actions.declaration.definition import IDS, ActionDefinition
from dj_actions.exceptions import InvalidAction
from dj_actions.execution.run import RunScope
from dj_actions.inputs.known_fields import declared_names, known_part
from dj_actions.models import ActionEvent, Delivery
from dj_actions.outbox.queries import insert_event
from dj_actions.redaction import or_size
from dj_actions.serialization import to_json
from dj_actions.text import MAX_NAME_LENGTH, is_storable, sanitize

logger = logging.getLogger(__name__)

UNRECORDED = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
"""Status codes that are never recorded, regardless of the caller."""

MAX_REFUSED_BYTES = 4096
"""Bytes of JSON text that are kept of a failed call's input, and of its error: a caller can
repeat it as often as it likes."""

NOT_AN_OBJECT = "not_an_object"
"""Key of what is stored instead of input in which sensitive fields cannot be recognized."""

NOT_STORABLE = "not_storable"
"""Key of what is stored instead of input that no database can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A call that was refused or raised an error."""

    user: Any
    """The user who made the call; None for the system itself."""

    auth: Any = None
    """What the authentication class has set as `request.auth`."""

    object_ids: Sequence[str]
    """The objects it refers to, by the keys the caller used."""

    read_data: Callable[[], Any]
    """Returns the input; called only if the failure is recorded."""

    body: Any
    """The error as the caller receives it."""

    status_code: int

    duration_ms: float = 0
    """Milliseconds from the start of the call to the error."""

    traceparent: str = ""
    """W3C trace context of the request."""

    parent_event: UUID | None = None
    """Id of the event that led to the call."""


def record_failure(definition: ActionDefinition, failure: Failure) -> ActionEvent | None:
    """Write one event without deliveries, after everything the action wrote was rolled back.

    A failed call has changed nothing, so that of a client that nothing identifies leaves nothing:
    anyone could fill the table.

    It never raises: the caller already has an error to return.

    Returns:
        The event; None if nothing identifies the caller, the settings disable it, or it could not
        be written.
    """
    if not _is_recorded(failure.status_code, get_settings()):
        return None
    try:
        scope = RunScope.of(definition, failure.user, failure.auth)
        if scope.identity is None:
            return None
        connection = connections[scope.database]
        if connection.in_atomic_block and connection.needs_rollback:
            return None  # the outer transaction will be rolled back, and the record with it
        event = _event(scope, failure)
        with transaction.atomic(using=scope.database):
            insert_event(event, (), Delivery, using=scope.database)
    except Exception as error:  # noqa: BLE001 - the first error is the one to return
        logger.warning("The failure of %s could not be recorded: %s", definition.label, error)
        return None
    return event


def _is_recorded(status_code: int, settings: Settings) -> bool:
    if not settings.track_actions or status_code in UNRECORDED:
        return False
    if settings.record_failures is RecordFailures.ALL:
        return True
    is_server_error = status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    return settings.record_failures is RecordFailures.SERVER and is_server_error


def _event(scope: RunScope, failure: Failure) -> ActionEvent:
    definition, actor, parent = scope.definition, scope.actor, failure.parent_event
    position = ActionEvent.objects.position_below(parent) if parent else ChainPosition()
    keys = failure.object_ids[: definition.max_items]
    object_ids = [sanitize(key, MAX_NAME_LENGTH) for key in keys]
    data = _as_json(failure.read_data())
    return ActionEvent(
        resource=definition.resource,
        action=definition.name,
        version=definition.version,
        object_id=object_ids[0] if object_ids and not definition.bulk else None,
        object_ids=object_ids,
        actor_id=actor.id if actor else None,
        actor_label=actor.label if actor else "",
        request_data=_input(scope, data),
        response_data=_error(scope, _as_json(failure.body), data),
        status_code=failure.status_code,
        duration_ms=failure.duration_ms,
        traceparent=failure.traceparent,
        parent_id=position.parent,
        root=position.root,
        depth=position.depth,
    )


def _input(scope: RunScope, data: Any) -> Any:
    """Return what is stored of the input, which may be anything."""
    if scope.sensitive and not isinstance(data, dict):
        return {NOT_AN_OBJECT: type(data).__name__}
    definition = scope.definition
    names = declared_names(definition.input)
    if definition.bulk and definition.requires_objects:
        names |= {IDS}
    return scope.storable(or_size(known_part(data, names), MAX_REFUSED_BYTES))


def _error(scope: RunScope, body: Any, data: Any) -> Any:
    """Return what is stored of the error, which may repeat the input."""
    kept = or_size(body, MAX_REFUSED_BYTES)
    # Data that is not an object is not searched for the names of sensitive fields.
    return scope.storable_errors(kept, data if isinstance(data, dict) else {})


def _as_json(value: Any) -> Any:
    """Return refused input, of whatever type, as plain JSON."""
    try:
        plain = to_json(value if is_storable(value) else {NOT_STORABLE: True})
    except InvalidAction:
        return {NOT_STORABLE: True}
    return {} if plain is None else plain
