"""Run one action: select, check the version, validate, perform, render, record, return."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from dj_actions.context import ActionContext, ChainPosition, Selection
from dj_actions.execution.call import ActionCall, ActionResult
from dj_actions.execution.chain import position_of
from dj_actions.execution.idempotency import exclusive
from dj_actions.execution.perform import Outcome, perform
from dj_actions.execution.permissions import require_scope
from dj_actions.execution.preconditions import current_entity_tag, require_match
from dj_actions.execution.problems import refusing_unusable_values
from dj_actions.execution.recording import RecordResult, record
from dj_actions.execution.replay import replay
from dj_actions.execution.run import Run
from dj_actions.execution.validation import EarlyValidation, validate, validate_early


def execute(call: ActionCall) -> ActionResult:
    """Run an action in one transaction with its record.

    Raises:
        rest_framework.exceptions.APIException: not found, not permitted, invalid input, or a
            chain that is too long; nothing is written.
        Exception: any error that `perform` raises; its writes are rolled back.
    """
    require_scope(call.auth, call.definition)
    run = Run.of(call)
    early = validate_early(run)  # before any lock: a client decides how long it takes
    with transaction.atomic(using=run.scope.database):
        with exclusive(run) as earlier:
            result = replay(run, earlier) if earlier else _execute(run, early)
        if call.dry_run:
            transaction.set_rollback(True, using=run.scope.database)
    return result


def _execute(run: Run, early: EarlyValidation | None) -> ActionResult:
    with refusing_unusable_values():
        selection = run.call.caller.select(raises=not run.definition.partial)
        # Once the caller is admitted: the error says what the chain consists of.
        context = _context(run, selection, position_of(run))
        require_match(run, context)
        validated = validate(run, context, early)
    outcome = perform(run, context, validated.data, selection)
    recorded = record(run, context, validated.recordable, outcome)
    return _result(run, context, outcome, recorded)


def _context(run: Run, selection: Sequence[Selection], position: ChainPosition) -> ActionContext:
    parent = run.call.parent
    return ActionContext(
        actor=run.call.user,
        label=run.definition.label,
        objects=tuple(entry.object for entry in selection if entry.error is None),
        request=run.call.request,
        dry_run=run.call.dry_run or bool(parent and parent.dry_run),
        parent=parent,
        position=position,
    )


def _result(
    run: Run, context: ActionContext, outcome: Outcome, recorded: RecordResult
) -> ActionResult:
    if run.call.parent:
        run.call.parent.planned += context.planned
    return ActionResult(
        event=recorded.event,
        is_recorded=recorded.is_stored,
        value=outcome.value,
        body=outcome.body.plain,
        status_code=outcome.status_code,
        objects=context.objects,
        entity_tag=current_entity_tag(run, context),
        planned=tuple(context.planned),
    )
