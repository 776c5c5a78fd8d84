"""The chain of events that led to a run, and its maximum length.

An action may start a DAG whose task calls an action, which starts the DAG again: without a limit,
each round would be a new request.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from uuid import UUID

from rest_framework.exceptions import ValidationError

from dj_actions.context import ActionContext, ChainPosition
from dj_actions.exceptions import ChainTooLong, InvalidAction
from dj_actions.execution.run import Run
from dj_actions.models import ActionEvent

HEADER = "DJ-Actions-Parent"
"""Request header with the id of the event that led to the request."""

MAX_READ = 20
"""Events of a chain that are read for an error message."""

UNIDENTIFIED = (
    "Only a client that something identifies may continue a chain. Authenticate, or leave the "
    "header out."
)


Parent = ActionContext | ActionEvent | UUID | str
"""What led to a call: the run that makes it, or an event, or the id of one."""


def parents_of(parent: object) -> tuple[ActionContext | None, UUID | None]:
    """Return the run that makes a call, or the id of the event that led to it.

    Args:
        parent: a `Parent`, or None.

    Raises:
        InvalidAction: it is something else.
    """
    if parent is None or isinstance(parent, ActionContext):
        return parent, None
    found = parent.pk if isinstance(parent, ActionEvent) else parent
    with contextlib.suppress(ValueError):
        found = UUID(found) if isinstance(found, str) else found
    if not isinstance(found, UUID):
        raise InvalidAction(f"parent is {parent!r}, which is not an event, nor the id of one.")
    return None, found


def position_of(run: Run) -> ChainPosition:
    """Return where the event of a run will be in its chain.

    Raises:
        ChainTooLong: more events led to it than MAX_CHAIN_DEPTH allows.
        ValidationError: nothing identifies the caller, who has named a parent.
    """
    call = run.call
    if call.parent is not None:
        position = call.parent.position.below(call.parent.event_id)
    elif call.parent_event is not None:
        if run.scope.identity is None:
            raise ValidationError({HEADER: [UNIDENTIFIED]})
        position = ActionEvent.objects.position_below(call.parent_event)
    else:
        return ChainPosition()
    if position.depth > run.scope.settings.max_chain_depth:
        raise _too_long(run, position)
    return position


def _too_long(run: Run, position: ChainPosition) -> ChainTooLong:
    label, limit = run.definition.label, run.scope.settings.max_chain_depth
    counts = Counter(islice(_labels_upwards(run), MAX_READ))
    repeated = ", ".join(
        f"{name} ({count} times)" for name, count in counts.most_common() if count > 1
    )
    advice = (
        f"These actions repeat: {repeated}. Break the loop."
        if repeated
        else "No action repeats: raise MAX_CHAIN_DEPTH if chains may be this long."
    )
    return ChainTooLong(
        f"{label} would be the event number {position.depth + 1} of the chain that began with the "
        f"event {position.root}; DJ_ACTIONS['MAX_CHAIN_DEPTH'] allows {limit} before it. {advice}",
        root=position.root,
    )


def _labels_upwards(run: Run) -> Iterator[str]:
    """Yield the label of a run, then those of the runs and events that led to it."""
    yield run.definition.label
    context, event = run.call.parent, run.call.parent_event
    while context is not None:
        yield context.label
        event = context.position.parent
        context = context.parent
    yield from ActionEvent.objects.labels_upwards(event, limit=MAX_READ)
