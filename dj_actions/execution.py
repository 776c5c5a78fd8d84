"""Run one action: fetch and lock, validate, perform, record; all or nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.settings import api_settings

from dj_actions.definitions import ActionContext, ActionDefinition
from dj_actions.exceptions import InvalidAction
from dj_actions.inputs import require_mapping
from dj_actions.models import ActionEvent
from dj_actions.recording import database_of, record, to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionCall:
    """One wish to run an action, from whichever door it came."""

    definition: ActionDefinition

    actor: Any
    """The user, or None for the system itself."""

    data: object
    """The input as it was sent."""

    load: Callable[[], Sequence[Model]]
    """Fetches the objects, locks them, and refuses those the actor may not touch."""

    render: Callable[[Any], Any]
    """Turns the result into the answer."""

    request: Request | HttpRequest | None = None
    traceparent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionResult:
    """What an action has done."""

    event: ActionEvent
    """The record."""

    value: Any
    """What `perform` returned; the objects themselves if it returned nothing."""

    body: Any
    """The same as plain JSON: what a client is answered."""


def execute(call: ActionCall) -> ActionResult:
    """Run an action in one transaction with its record.

    Raises:
        rest_framework.exceptions.APIException: not found, not allowed, bad input; nothing is
            written.
        Exception: whatever `perform` raises; its writes are rolled back.
    """
    started = time.perf_counter()
    definition = call.definition
    with transaction.atomic(using=database_of(definition)):
        context = ActionContext(actor=call.actor, objects=tuple(call.load()), request=call.request)
        data = _validated(call, context)
        # Before `perform` can change it, or delete what it refers to.
        recorded = _recordable(data)
        value = _or_objects(definition.perform(context, data), context, definition)
        body = to_json(call.render(value))
        event = record(
            definition,
            context,
            data=recorded,
            result=body,
            duration_ms=(time.perf_counter() - started) * 1000,
            traceparent=call.traceparent,
        )
    return ActionResult(event=event, value=value, body=body)


def _validated(call: ActionCall, context: ActionContext) -> dict[str, Any]:
    surroundings: Mapping[str, Any] = {
        "request": call.request,
        "actor": call.actor,
        "objects": context.objects,
    }
    return call.definition.input.validate(require_mapping(call.data), surroundings)


def _recordable(data: dict[str, Any]) -> Any:
    """Return the input as plain JSON; refuse it if it cannot be stored."""
    try:
        return to_json(data)
    except InvalidAction as error:
        raise ValidationError({api_settings.NON_FIELD_ERRORS_KEY: [str(error)]}) from error


def _or_objects(value: Any, context: ActionContext, definition: ActionDefinition) -> Any:
    """Let an action that returns nothing answer with what it acted on."""
    if value is not None or definition.output is False:
        return value
    return list(context.objects) if definition.bulk else context.object
