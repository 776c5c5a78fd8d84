"""A bulk action that may succeed for some of its objects only."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError, connections, transaction
from rest_framework import status

from dj_actions.context import ActionContext, Selection
from dj_actions.execution.problems import api_exception_for, problem_for, status_code_for
from dj_actions.execution.run import Run
from dj_actions.serialization import to_json

logger = logging.getLogger(__name__)

PerformOne = Callable[[Any], tuple[ActionContext, Any]]


def perform_each(
    run: Run, context: ActionContext, data: Mapping[str, Any], selection: Sequence[Selection]
) -> dict[str, Any]:
    """Perform the action for one object at a time, each in its own savepoint.

    Afterwards `context.objects` holds the objects for which it succeeded.

    Returns:
        The response body: one outcome per object, in the order of the request.
    """
    perform = functools.partial(_perform_one, run, context, data)
    attempts = [(entry, *_attempt(run, perform, entry)) for entry in selection]
    succeeded = [own for _, own, _ in attempts if own]
    for own in succeeded:
        context.join(own)
    context.objects = tuple(own.object for own in succeeded)
    # The ids from before the action ran: it may have deleted the objects.
    context.object_ids = tuple(own.object_ids[0] for own in succeeded)
    counts = {"succeeded": len(succeeded), "failed": len(attempts) - len(succeeded)}
    return {
        "meta": to_json(context.meta) | counts,
        "results": [
            {"id": to_json(entry.key), "ok": bool(own), **outcome}
            for entry, own, outcome in attempts
        ],
    }


def _attempt(
    run: Run, perform: PerformOne, entry: Selection
) -> tuple[ActionContext | None, dict[str, Any]]:
    """Return the context of one object if it succeeded, and its outcome."""
    if entry.error:
        return None, _failure(entry.error)
    database = run.scope.database
    try:
        with transaction.atomic(using=database):
            own, result = perform(entry.object)
            # Checked now: at the commit, a violation would roll back all objects.
            connections[database].check_constraints([run.definition.model._meta.db_table])
    except (OperationalError, InterfaceError):
        raise  # the database itself has failed: nothing can be saved
    except Exception as error:  # noqa: BLE001 - one object's error is its own outcome
        if api_exception_for(error) is None:
            _log(run, entry, error)
        return None, _failure(error)
    return own, {"status": status.HTTP_200_OK, "result": result}


def _perform_one(
    run: Run, context: ActionContext, data: Mapping[str, Any], target: Any
) -> tuple[ActionContext, Any]:
    own = context.for_object(target)
    # A copy: changes that one call makes to its input must not reach the next call.
    value = run.definition.perform(own, dict(data))
    if value is None and run.definition.output is not False:
        value = target
    return own, to_json(run.call.caller.render(value))


def _log(run: Run, entry: Selection, error: Exception) -> None:
    """Log an error; without its message, which may repeat input, if some fields are sensitive."""
    logger.error(
        "%s failed for %s: %s.",
        run.definition.label,
        entry.key,
        type(error).__name__,
        exc_info=None if run.scope.sensitive else error,
    )


def _failure(error: Exception) -> dict[str, Any]:
    return {"status": status_code_for(error), "error": to_json(problem_for(error))}
