"""Run one action: select and lock, validate, perform, record; all or nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import HttpRequest, QueryDict
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.settings import api_settings

from dj_actions.context import ActionContext, PlannedDelivery, Selected
from dj_actions.declaration.definition import IDS, ActionDefinition
from dj_actions.exceptions import InvalidAction
from dj_actions.execution.database import database_of
from dj_actions.execution.idempotency import Idempotency, earlier_event, idempotency_of, running
from dj_actions.execution.partial import perform_each
from dj_actions.execution.preconditions import fresh_entity_tag, require_match
from dj_actions.execution.recording import Done, record
from dj_actions.execution.synthetic_request import request_of
from dj_actions.inputs import InputContext, require_mapping
from dj_actions.models import ActionEvent
from dj_actions.serialization import to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionCall:
    """One wish to run an action, from whichever door it came."""

    definition: ActionDefinition

    actor: Any
    """The user, or None for the system itself."""

    data: object
    """The input as it was sent."""

    select: Callable[[], Sequence[Selected]]
    """Fetches the objects, locks them, and refuses those the actor may not touch."""

    render: Callable[[Any], Any]
    """Turns the result of `perform` into data for the caller."""

    target: str = ""
    """What is acted on, as far as the input does not name it."""

    request: Request | HttpRequest | None = None
    view: Any = None
    traceparent: str = ""

    idempotency_key: str | None = None
    """The caller's own name for this call."""

    if_match: str | None = None
    """Entity tag of the version that the caller has seen."""

    checks_version: bool = False
    """Whether a missing `if_match` may be refused: the caller is a client, not code."""

    dry_run: bool = False
    """Whether everything is rolled back in the end."""

    parent: ActionContext | None = None
    """The run that this one is a part of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionResult:
    """What an action has done."""

    event: ActionEvent
    """The record."""

    value: Any
    """What `perform` returned; the objects themselves if it returned nothing."""

    body: Any
    """The same as plain JSON: what a client is answered."""

    is_recorded: bool = True
    """Whether the record is kept: not after a dry run, nor where the settings want none."""

    status_code: int = status.HTTP_200_OK

    objects: tuple[Any, ...] = ()
    """What was acted on, as it is now."""

    entity_tag: str | None = None
    """The object's version, if the action looks at versions."""

    is_replay: bool = False
    """Whether this is the answer to an earlier call with the same idempotency key."""

    planned: tuple[PlannedDelivery, ...] = ()
    """The deliveries that were made, or would have been."""


def execute(call: ActionCall) -> ActionResult:
    """Run an action in one transaction with its record.

    Raises:
        rest_framework.exceptions.APIException: not found, not allowed, bad input; nothing is
            written.
        Exception: whatever `perform` raises; its writes are rolled back.
    """
    database = database_of(call.definition)
    idempotency = idempotency_of(
        None if call.dry_run else call.idempotency_key,
        target=call.target,
        data=call.data,
    )
    with transaction.atomic(using=database):
        earlier = idempotency and earlier_event(call.definition, call.actor, idempotency)
        if earlier:
            return _replay(earlier)
        with running(call.definition, call.actor, idempotency):
            result = _run(call, idempotency)
        if call.dry_run:
            transaction.set_rollback(True, using=database)
    return result


def _replay(event: ActionEvent) -> ActionResult:
    return ActionResult(
        event=event,
        value=event.response_data,
        body=event.response_data,
        status_code=event.status_code,
        is_replay=True,
    )


def _run(call: ActionCall, idempotency: Idempotency | None) -> ActionResult:
    started = time.perf_counter()
    definition = call.definition
    selected = call.select()
    context = ActionContext(
        actor=call.actor,
        objects=tuple(entry.object for entry in selected if entry.refusal is None),
        request=call.request,
        dry_run=call.dry_run or bool(call.parent and call.parent.dry_run),
        parent=call.parent,
    )
    _require_version(call, context)
    data = _validated(call, context)
    # Before `perform` can change it, or delete what it refers to.
    plain = _recordable(data)
    value, body, status_code = _perform(call, context, data, selected)
    recorded = record(
        definition,
        context,
        Done(
            data=plain,
            result=body,
            status_code=status_code,
            duration_ms=(time.perf_counter() - started) * 1000,
            traceparent=call.traceparent,
            idempotency_key=idempotency.stored_key(call.actor) if idempotency else None,
            fingerprint=idempotency.fingerprint if idempotency else "",
        ),
    )
    if call.parent:
        call.parent.planned += context.planned
    return ActionResult(
        event=recorded.event,
        is_recorded=recorded.is_kept,
        value=value,
        body=body,
        status_code=status_code,
        objects=context.objects,
        entity_tag=_entity_tag(definition, context),
        planned=tuple(context.planned),
    )


def _entity_tag(definition: ActionDefinition, context: ActionContext) -> str | None:
    if definition.precondition is None:
        return None
    return fresh_entity_tag(context.object, definition.precondition)


def _require_version(call: ActionCall, context: ActionContext) -> None:
    precondition = call.definition.precondition
    if precondition and (call.checks_version or call.if_match is not None):
        require_match(context.object, precondition, call.if_match)


def _validated(call: ActionCall, context: ActionContext) -> dict[str, Any]:
    data = _own_input(call)
    surroundings = InputContext(
        # From code, one that carries the actor: serializers and forms ask their request for it.
        request=call.request or request_of(call.actor, data),
        view=call.view,
        actor=call.actor,
        objects=context.objects,
        pk=None if call.definition.bulk else context.object_ids[0],
    )
    validated = call.definition.input.validate(data, surroundings)
    context.bound = validated.bound
    return validated.data


def _own_input(call: ActionCall) -> Mapping[str, Any]:
    """Return what was sent without the names of the objects, unless the input asks for them."""
    data = require_mapping(call.data)
    definition = call.definition
    if not (definition.bulk and definition.requires_objects and IDS in data):
        return data
    if any(field.name == IDS for field in definition.input.fields()):
        return data
    if isinstance(data, QueryDict):
        own = data.copy()
        own.pop(IDS)
        return own
    return {name: value for name, value in data.items() if name != IDS}


def _recordable(data: dict[str, Any]) -> Any:
    """Return the input as plain JSON; refuse it if it cannot be stored."""
    try:
        return to_json(data)
    except InvalidAction as error:
        raise ValidationError({api_settings.NON_FIELD_ERRORS_KEY: [str(error)]}) from error


def _perform(
    call: ActionCall, context: ActionContext, data: dict[str, Any], selected: Sequence[Selected]
) -> tuple[Any, Any, int]:
    """Return what `perform` returned, what the caller is answered, and with which status."""
    definition = call.definition
    if definition.partial:
        body = perform_each(definition, context, data, selected, call.render)
        return body, body, status.HTTP_207_MULTI_STATUS
    value = _or_objects(definition.perform(context, data), context, definition)
    body = _assembled(to_json(call.render(value)), to_json(context.meta), definition)
    return value, body, status.HTTP_200_OK


def _or_objects(value: Any, context: ActionContext, definition: ActionDefinition) -> Any:
    """Let an action that returns nothing answer with what it acted on."""
    if value is not None or definition.output is False:
        return value
    if not definition.bulk:
        return context.object
    return list(context.objects) if definition.has_many_results else {}


def _assembled(result: Any, meta: dict[str, Any], definition: ActionDefinition) -> Any:
    """Return the answer: `meta` and `results` of many, or the one result with `meta` merged in."""
    if definition.has_many_results:
        return {"meta": meta, "results": result}
    if result is None:
        result = {}  # an answer of nothing at all is no JSON
    if not meta:
        return result
    if isinstance(result, dict):
        return result | meta
    raise InvalidAction(
        f"{definition.label} tells meta data {sorted(meta)} beside a result that is no JSON "
        "object. Return a dict, or declare that it has multiple results."
    )
