"""Write down what happened and where it has to go, in the transaction of the change itself."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import Enum
from typing import Any

from django.core.files import File
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections, router
from django.db.models import Model, QuerySet

from dj_actions.conf import get_settings
from dj_actions.definitions import ActionContext, ActionDefinition
from dj_actions.exceptions import InvalidAction, OutsideTransaction
from dj_actions.messages import Actor
from dj_actions.models import ActionEvent, Delivery
from dj_actions.signals import action_recorded
from dj_actions.storable import is_storable


class RecordEncoder(DjangoJSONEncoder):
    """JSON of what forms and serializers validate to: objects by their key, files by name."""

    def default(self, o: Any) -> Any:
        """Encode what JSON does not know."""
        if isinstance(o, Model):
            return o.pk
        if isinstance(o, (QuerySet, set, frozenset)):
            return list(o)
        if isinstance(o, File):
            return o.name
        if isinstance(o, Enum):
            return o.value
        return super().default(o)


def to_json(value: Any) -> Any:
    """Return the value as plain JSON data.

    Raises:
        InvalidAction: it holds something that JSON, or a database's JSON column, cannot hold.
    """
    try:
        plain = json.loads(json.dumps(value, cls=RecordEncoder, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidAction(f"An action's data must be storable as JSON: {error}") from error
    if not is_storable(plain):
        raise InvalidAction(
            "An action's data must be storable as JSON: it holds null characters, lone "
            "surrogates or very deep nesting."
        )
    return plain


def actor_of(user: Any) -> Actor | None:
    """Return who acts; None for nobody in particular (no user, or an anonymous one)."""
    if user is None or not user.is_authenticated:
        return None
    return Actor(id=str(user.pk), label=user.get_username())


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


def record(
    definition: ActionDefinition,
    context: ActionContext,
    *,
    data: Any,
    result: Any,
    duration_ms: float,
    traceparent: str = "",
) -> ActionEvent:
    """Write one event and one delivery per publisher.

    Args:
        data: the validated input, as plain JSON.
        result: what the caller is answered, as plain JSON.
        duration_ms: time from the start of the action, in milliseconds.
        traceparent: W3C trace context of the request.

    Raises:
        OutsideTransaction: no transaction is open, so the record could outlive the change.
    """
    database = database_of(definition)
    if not connections[database].in_atomic_block:
        raise OutsideTransaction(
            f"{definition.label} was to be recorded outside a transaction. "
            "Use Action.run() or open transaction.atomic() around the change and the record."
        )
    event = _event(definition, context, result=result)
    event.request_data = data
    event.duration_ms = duration_ms
    event.traceparent = traceparent
    event.save(using=database, force_insert=True)
    aliases = get_settings().publishers_for(definition.label, definition.publish)
    _queue(event, aliases, database)
    action_recorded.send(sender=ActionEvent, event=event)
    return event


def _event(definition: ActionDefinition, context: ActionContext, *, result: Any) -> ActionEvent:
    actor = actor_of(context.actor)
    object_ids = list(context.object_ids)
    return ActionEvent(
        resource=definition.resource,
        action=definition.name,
        version=definition.version,
        object_id=None if definition.bulk else object_ids[0],
        object_ids=object_ids,
        actor_id=actor.id if actor else None,
        actor_label=actor.label if actor else "",
        response_data=result,
        summary=context.emission.summary,
        recipients=list(context.emission.recipients),
        extra=to_json(context.emission.extra),
    )


def _queue(event: ActionEvent, aliases: Iterable[str], database: str) -> None:
    Delivery.objects.using(database).bulk_create(
        Delivery(event=event, publisher=alias) for alias in aliases
    )
