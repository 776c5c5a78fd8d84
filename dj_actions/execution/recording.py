"""Write the event of a run and its deliveries, in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connections

from dj_actions.context import ActionContext, PlannedDelivery
from dj_actions.exceptions import OutsideTransaction
from dj_actions.execution.planned_messages import planned_message
from dj_actions.execution.recipients import (
    publisher_classes,
    recorded_options,
    recorded_recipients,
)
from dj_actions.execution.route_options import recordable_options
from dj_actions.execution.run import Run
from dj_actions.models import ActionEvent, Delivery
from dj_actions.outbox.ordering import ORDERING_LENGTH, OrderingKey
from dj_actions.outbox.queries import NewDelivery, insert_event, lock
from dj_actions.outbox.wakeup import wake_relays
from dj_actions.policies import Ordering
from dj_actions.serialization import JsonData, encode
from dj_actions.signals import action_recorded
from dj_actions.text import MAX_NAME_LENGTH, sanitize, sanitize_summary

if TYPE_CHECKING:
    from dj_actions.execution.perform import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordResult:
    """The record of a run."""

    event: ActionEvent

    is_stored: bool = True
    """Whether it is in the database once the run has committed."""


def record(run: Run, context: ActionContext, data: JsonData, outcome: Outcome) -> RecordResult:
    """Write one event, and one delivery per publisher.

    If TRACK_ACTIONS is False, an event that nothing refers to is not written.

    Args:
        run: the run.
        context: the context of the run, after it was performed.
        data: the validated input.
        outcome: the result.

    Raises:
        OutsideTransaction: no transaction is open, so the record could outlive the change.
        InvalidAction: a publisher cannot address a recipient.
    """
    _require_transaction(run)
    aliases = _publishers(run, context)
    deliveries = _deliveries(run, context, aliases)
    columns = _json_columns(run, context, data, outcome)
    event = _event(run, context, outcome, columns, aliases)
    needed = aliases or run.idempotency or context.position.parent or context.has_children
    if not (needed or _is_tracked(run, context)):
        return RecordResult(event=event, is_stored=False)
    database = run.scope.database
    texts = {name: column.text for name, column in columns.items()}
    insert_event(event, deliveries, Delivery, using=database, texts=texts)
    if context.parent:
        context.parent.has_children = True
    if context.dry_run:
        event.refresh_from_db(fields=["created_at"])  # after the rollback it cannot be read
        context.planned += (planned_message(event, delivery) for delivery in deliveries)
    else:
        context.planned += (
            PlannedDelivery(action=run.definition.label, publisher=alias) for alias in aliases
        )
        wake_relays(aliases, using=database)
        action_recorded.send(sender=ActionEvent, event=event)
    return RecordResult(event=event, is_stored=not context.dry_run)


def _is_tracked(run: Run, context: ActionContext) -> bool:
    """Return whether an event is written that nothing refers to.

    Anyone could fill the table with calls that change nothing.
    """
    has_changes = context.object_ids or not run.definition.partial
    return run.scope.settings.track_actions and bool(has_changes or run.scope.identity)


def _require_transaction(run: Run) -> None:
    if not connections[run.scope.database].in_atomic_block:
        raise OutsideTransaction(
            f"{run.definition.label} cannot be recorded outside a transaction. "
            "Use Action.run() or open transaction.atomic() around the change and the record."
        )


def _publishers(run: Run, context: ActionContext) -> Sequence[str]:
    definition = run.definition
    if definition.partial and not context.object_ids:
        return ()  # nothing was changed, so there is nothing to publish
    return run.scope.settings.publishers_for(definition.label, definition.publish)


def _deliveries(run: Run, context: ActionContext, aliases: Sequence[str]) -> list[NewDelivery]:
    """Return the delivery to each publisher, with all that later settings must not change."""
    scope, label = run.scope, run.definition.label
    return [
        NewDelivery(
            publisher=alias,
            ordering=key,
            options=recordable_options(
                recorded_options(
                    alias, scope.settings.route_options(alias, label), context, scope.settings
                ),
                scope.sensitive,
            ),
        )
        for alias, key in _ordering(run, context, aliases).items()
    ]


def _ordering(run: Run, context: ActionContext, aliases: Sequence[str]) -> dict[str, OrderingKey]:
    """Return the ordering of the delivery to each publisher."""
    known = run.scope.settings.publishers
    unordered = dict.fromkeys(aliases, OrderingKey())
    ordered = [alias for alias in aliases if known[alias].ordering is Ordering.KEY]
    return unordered | dict.fromkeys(ordered, _ordering_key(run, context)) if ordered else unordered


def _ordering_key(run: Run, context: ActionContext) -> OrderingKey:
    definition = run.definition
    own = definition.ordering_key(context)
    if own is not None:
        # Events of one object are ordered by the lock on its row. A key that is not a row needs
        # a lock of its own.
        lock(f"dj_actions.line:{own}", using=run.scope.database)
        return OrderingKey.custom(own)
    key = "" if definition.bulk else context.object_ids[0]
    concrete: Any = definition.model._meta.concrete_model
    return OrderingKey(concrete._meta.label_lower, sanitize(key, ORDERING_LENGTH))


def _json_columns(
    run: Run, context: ActionContext, data: JsonData, outcome: Outcome
) -> dict[str, JsonData]:
    """Return what the event stores of the input, the result and the extra data."""
    scope = run.scope
    return {
        "request_data": scope.storable_json(data),
        # The outcomes of a partial action include errors.
        "response_data": JsonData.of_plain(scope.storable_errors(outcome.body.plain, data.plain))
        if run.definition.partial
        else scope.storable_json(outcome.body),
        "extra": scope.storable_json(encode(context.emission.extra)),
    }


def _event(
    run: Run,
    context: ActionContext,
    outcome: Outcome,
    columns: Mapping[str, JsonData],
    aliases: Sequence[str],
) -> ActionEvent:
    definition, scope, idempotency = run.definition, run.scope, run.idempotency
    object_ids = list(context.object_ids)
    return ActionEvent(
        id=context.event_id,
        resource=definition.resource,
        action=definition.name,
        version=definition.version,
        object_id=None if definition.bulk else sanitize(object_ids[0], MAX_NAME_LENGTH),
        object_ids=object_ids,
        actor_id=scope.actor.id if scope.actor else None,
        actor_label=scope.actor.label if scope.actor else "",
        status_code=outcome.status_code,
        duration_ms=run.duration_ms,
        summary=sanitize_summary(context.emission.summary),
        recipients=_recipients(run, context, aliases),
        traceparent=run.call.traceparent,
        parent_id=context.position.parent,
        root=context.position.root,
        depth=context.position.depth,
        idempotency_key=idempotency.key if idempotency else None,
        fingerprint=idempotency.fingerprint if idempotency else "",
        **{name: column.plain for name, column in columns.items()},
    )


def _recipients(run: Run, context: ActionContext, aliases: Sequence[str]) -> list[str]:
    entries = context.emission.recipients
    if not entries:
        return []
    classes = publisher_classes(aliases, run.scope.settings)
    found = recorded_recipients(entries, classes, run.definition.label)
    return [sanitize(entry) for entry in found]
