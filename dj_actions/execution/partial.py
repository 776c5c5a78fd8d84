"""A bulk action that may succeed for some of its objects only."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError, connections, transaction
from rest_framework import status

from dj_actions.context import ActionContext, Selected
from dj_actions.declaration.definition import ActionDefinition
from dj_actions.execution.database import database_of
from dj_actions.execution.problems import api_exception_of, problem_of, status_of
from dj_actions.execution.recording import sensitive_fields
from dj_actions.serialization import to_json

logger = logging.getLogger(__name__)

Render = Callable[[Any], Any]


def perform_each(
    definition: ActionDefinition,
    context: ActionContext,
    data: Mapping[str, Any],
    selected: Sequence[Selected],
    render: Render,
) -> dict[str, Any]:
    """Perform the action for one object at a time, each in a savepoint of its own.

    Afterwards `context.objects` holds those for which it succeeded.

    Returns:
        The answer: one outcome per object, in the order of the request.
    """
    perform = functools.partial(_perform_one, definition, context, data, render)
    attempts = [(entry, *_attempt(perform, definition, entry)) for entry in selected]
    survivors = [own for _, own, _ in attempts if own]
    for own in survivors:
        context.join(own)
    context.objects = tuple(own.object for own in survivors)
    # As they were before the action may have deleted them.
    context.object_ids = tuple(own.object_ids[0] for own in survivors)
    counts = {"succeeded": len(survivors), "failed": len(attempts) - len(survivors)}
    return {
        "meta": to_json(context.meta) | counts,
        "results": [
            {"id": to_json(entry.key), "ok": bool(own), **outcome}
            for entry, own, outcome in attempts
        ],
    }


def _attempt(
    perform: Callable[[Any], tuple[ActionContext, Any]],
    definition: ActionDefinition,
    entry: Selected,
) -> tuple[ActionContext | None, dict[str, Any]]:
    """Return the context of one object if it succeeded, and its outcome."""
    if entry.refusal:
        return None, _failure(entry.refusal)
    database = database_of(definition)
    try:
        with transaction.atomic(using=database):
            own, result = perform(entry.object)
            # Now, not at the commit, where it would take all the others down with it.
            connections[database].check_constraints([definition.model._meta.db_table])
    except (OperationalError, InterfaceError):
        raise  # the database itself is in trouble: nothing can be kept
    except Exception as error:  # noqa: BLE001 - one object's crash is its own outcome
        if api_exception_of(error) is None:
            _log(definition, entry, error)
        return None, _failure(error)
    return own, {"status": status.HTTP_200_OK, "result": result}


def _log(definition: ActionDefinition, entry: Selected, error: Exception) -> None:
    """Log a crash; without its text, which may repeat the input, if that can hold secrets."""
    logger.error(
        "%s failed for %s: %s.",
        definition.label,
        entry.key,
        type(error).__name__,
        exc_info=None if sensitive_fields(definition) else error,
    )


def _perform_one(
    definition: ActionDefinition,
    context: ActionContext,
    data: Mapping[str, Any],
    render: Render,
    target: Any,
) -> tuple[ActionContext, Any]:
    own = context.for_object(target)
    # A copy: what one run does to its input is not the next one's business.
    value = definition.perform(own, dict(data))
    if value is None and definition.output is not False:
        value = target
    return own, to_json(render(value))


def _failure(error: Exception) -> dict[str, Any]:
    return {"status": status_of(error), "error": to_json(problem_of(error))}
