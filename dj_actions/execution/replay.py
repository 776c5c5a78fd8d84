"""Return the result of an earlier call with the same idempotency key."""

from __future__ import annotations

from contextlib import suppress

from django.core.exceptions import ValidationError
from rest_framework.exceptions import NotFound

from dj_actions.execution.call import ActionResult
from dj_actions.execution.run import Run
from dj_actions.identifiers import key_text, parse_key
from dj_actions.models import ActionEvent


def replay(run: Run, event: ActionEvent) -> ActionResult:
    """Return the stored result of an earlier call, if the caller could make that call today.

    Raises:
        rest_framework.exceptions.APIException: the caller may no longer run the action, or see or
            change one of its objects.
    """
    _require_access(run, event)
    return ActionResult(
        event=event,
        value=event.response_data,
        body=event.response_data,
        status_code=event.status_code,
        is_replay=True,
    )


def _require_access(run: Run, event: ActionEvent) -> None:
    selection = run.call.caller.select(raises=False)
    accessible = {key_text(entry.object) for entry in selection if entry.error is None}
    lost = set(event.object_ids) - accessible
    # Access to an object that is gone, perhaps by this action, cannot be checked, nor misused.
    if lost and _exist(run, lost):
        refusals = [entry.error for entry in selection if entry.error]
        raise next(iter(refusals), NotFound())


def _exist(run: Run, keys: set[str]) -> bool:
    model, values = run.definition.model, []
    for key in keys:
        with suppress(ValidationError):  # the model has another type of key since
            values.append(parse_key(model, key))
    return model._base_manager.using(run.scope.database).filter(pk__in=values).exists()
