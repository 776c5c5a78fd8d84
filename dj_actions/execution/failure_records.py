"""TODO."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections, transaction

from dj_actions.conf import RecordFailures, Settings, get_settings
from dj_actions.declaration.definition import ActionDefinition
from dj_actions.exceptions import InvalidAction
from dj_actions.execution.database import database_of
from dj_actions.execution.recording import _storing, logger, sensitive_fields
from dj_actions.messages import Actor
from dj_actions.models import ActionEvent, Delivery
from dj_actions.outbox.queries import insert_event
from dj_actions.redaction import remove_secrets, sensitive_values
from dj_actions.serialization import to_json
from dj_actions.text import MAX_NAME_LENGTH, is_storable, sanitize

FLOOD_GUARDS = frozenset({401, 413, 429})
"""Refusals of those whom nobody knows, or of too much: recorded, they would fill the table."""


SERVER_FAULT = 500


NOT_AN_OBJECT = "not_an_object"
"""Key of what is stored in place of a body in which secrets have no names."""


NOT_STORABLE = "not_storable"
"""Key of what is stored in place of a refused input that no database can hold."""


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


def _failed_event(definition: ActionDefinition, failed: Failed, settings: Settings) -> ActionEvent:
    actor = Actor.of(failed.actor)
    object_ids = [
        sanitize(key, MAX_NAME_LENGTH) for key in failed.object_ids[: definition.max_items]
    ]
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
        response_data=stored(remove_secrets(_as_sent(failed.body), sensitive_values(sent, names))),
        status_code=failed.status_code,
        duration_ms=failed.duration_ms,
        traceparent=failed.traceparent,
    )


def _as_sent(value: Any) -> Any:
    """Return as plain JSON what may be anything: it was refused, perhaps for its very form."""
    try:
        plain = to_json(value if is_storable(value) else {NOT_STORABLE: True})
    except InvalidAction:
        return {NOT_STORABLE: True}
    return {} if plain is None else plain
