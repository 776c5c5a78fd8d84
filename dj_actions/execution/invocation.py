"""Call an action from code: the one way that `Action.run`, the command and the admin share."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError
from django.db.models import Model
from rest_framework.exceptions import NotFound

from dj_actions.context import ActionContext, Selected
from dj_actions.declaration.definition import ActionDefinition
from dj_actions.exceptions import InvalidAction
from dj_actions.execution.execute import ActionCall, ActionResult, execute
from dj_actions.execution.failure_records import Failed, record_failure
from dj_actions.execution.locking import locked
from dj_actions.execution.permissions import authorize, authorize_object
from dj_actions.execution.problems import body_of_error, status_of
from dj_actions.execution.rendering import declared_many, render


def invoke(
    definition: ActionDefinition,
    *,
    actor: Any = None,
    object: Model | None = None,
    objects: Sequence[Model] | None = None,
    data: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
    dry_run: bool = False,
    parent: ActionContext | None = None,
    records_failure: bool = True,
) -> ActionResult:
    """Run an action from code: the same steps as over HTTP, the same record.

    A viewset's own permissions and queryset are not asked: there is no viewset.

    Args:
        definition: the action.
        actor: the user who acts, whose permissions are asked. None is the system itself,
            which may do everything.
        object: what to act on; it is locked and refreshed in place.
        objects: what a bulk action acts on.
        data: the input, to be validated.
        idempotency_key: the caller's own name for this call: repeated, it is not run again.
        dry_run: whether everything is rolled back in the end.
        parent: the run that this one is a part of.
        records_failure: whether a failure leaves a record; False for a caller who does that.

    Raises:
        InvalidAction: the wrong one of `object` and `objects` was given.
        rest_framework.exceptions.APIException: not found, not allowed, bad input.
    """
    given = _given_objects(definition, object, objects)
    keys = tuple(str(entry.pk) for entry in given)
    given_key = None if object is None else object.pk
    started = time.perf_counter()

    def select() -> Sequence[Selected]:
        if actor is not None:
            authorize(definition, actor)
        return _select(definition, given, actor)

    call = ActionCall(
        definition=definition,
        actor=actor,
        data={} if data is None else data,
        select=select,
        render=lambda value: render(value, definition.output, many=declared_many(definition)),
        target=",".join(keys),
        idempotency_key=idempotency_key,
        dry_run=dry_run,
        parent=parent,
    )
    try:
        return execute(call)
    except Exception as error:
        # The failure of a part is told by the whole; a dry run leaves nothing behind.
        if records_failure and parent is None and not dry_run:
            record_refusal(definition, error, actor=actor, keys=keys, data=data, started=started)
        raise
    finally:
        if dry_run and object is not None:
            _restore(object, given_key)


def record_refusal(
    definition: ActionDefinition,
    error: Exception,
    *,
    actor: Any,
    keys: Sequence[str],
    data: Any,
    started: float,
) -> None:
    """Record that a call from code was refused, or crashed.

    Args:
        keys: primary keys of what it was to act on.
        started: when it began, by `time.perf_counter()`.
    """
    record_failure(
        definition,
        Failed(
            actor=actor,
            object_ids=keys,
            read_data=lambda: data,
            body=body_of_error(error),
            status_code=status_of(error),
            duration_ms=(time.perf_counter() - started) * 1000,
        ),
    )


def _restore(entry: Model, key: Any) -> None:
    """Show the caller's object as it still is: what was done to it has been rolled back."""
    entry.pk = key
    with contextlib.suppress(ObjectDoesNotExist, DatabaseError):
        entry.refresh_from_db()


def _given_objects(
    definition: ActionDefinition, one: Model | None, many: Sequence[Model] | None
) -> Sequence[Model]:
    if not definition.requires_objects:
        if one is not None or many is not None:
            raise InvalidAction(f"{definition.label} finds its objects itself: name none.")
        return ()
    given = many if definition.bulk else one
    if given is None or (one is not None and many is not None):
        name = "objects=[…]" if definition.bulk else "object=…"
        raise InvalidAction(f"Call {definition.label} with {name}, and with nothing else.")
    wanted = (given,) if isinstance(given, Model) else tuple(given)
    for entry in wanted:
        if not isinstance(entry, definition.model):
            raise InvalidAction(
                f"{definition.label} acts on {definition.model.__name__}, not on {entry!r}."
            )
    if len(wanted) > definition.max_items:
        raise InvalidAction(
            f"{definition.label} takes at most {definition.max_items} objects, "
            f"not {len(wanted)}. Call it several times."
        )
    return wanted


def _select(definition: ActionDefinition, given: Sequence[Model], actor: Any) -> Sequence[Selected]:
    found = _lock(definition, given)
    selected = []
    for key in dict.fromkeys(entry.pk for entry in given):
        refusal = _refusal(definition, found.get(key), key, actor)
        if refusal and not definition.partial:
            raise refusal
        selected.append(Selected(key=key, object=found.get(key), refusal=refusal))
    return selected


def _refusal(
    definition: ActionDefinition, found: Model | None, key: Any, actor: Any
) -> Exception | None:
    if found is None:
        return NotFound(f"There is no {definition.resource} {key}.")
    return None if actor is None else authorize_object(definition, actor, found)


def _lock(definition: ActionDefinition, given: Sequence[Model]) -> Mapping[Any, Model]:
    if not definition.bulk:
        (one,) = given
        try:
            # Of its own class: it may inherit from the action's model.
            one.refresh_from_db(from_queryset=locked(type(one)._base_manager.all()))
        except ObjectDoesNotExist:
            return {}
        return {one.pk: one}
    keys = [entry.pk for entry in given]
    rows = definition.model._base_manager.all()
    return {entry.pk: entry for entry in locked(rows.filter(pk__in=keys).order_by("pk"))}
