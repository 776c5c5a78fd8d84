"""The operations on the runs of deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dj_actions.exceptions import InvalidAction
from dj_actions.operations import require_reason
from dj_actions.states import RemoteState
from dj_actions_airflow.run_operations.act import Act
from dj_actions_airflow.run_operations.acts import Mark, Note, Rerun, Unpause
from dj_actions_airflow.run_operations.job import Job, OnOutcome, Outcomes
from dj_actions_airflow.run_operations.targets import Chosen
from dj_actions_airflow.run_operations.trigger import Trigger


def rerun(
    deliveries: Chosen,
    *,
    actor: Any,
    reason: str,
    only_failed: bool = False,
    dry_run: bool = False,
    on_outcome: OnOutcome | None = None,
) -> Outcomes:
    """Let Airflow run the tasks of runs that have ended again, with the payload that they have.

    Args:
        deliveries: the deliveries that have started the runs, or their ids.
        actor: the user, who needs the permission `dj_actions_airflow.rerun_airflowrun`; None is
            the system itself.
        reason: why; recorded.
        only_failed: only tasks that have failed, or that had to wait for one that has.
        dry_run: read the runs, and change nothing; needs no reason.
        on_outcome: reports progress.

    Returns:
        One outcome for each run, and for each delivery without one.

    Raises:
        InvalidAction: the reason is empty, or a transaction is open.
        PermissionDenied: the user does not have the permission.
    """
    why = reason if dry_run else require_reason(reason)
    return _run(Rerun(only_failed=only_failed), deliveries, actor, why, on_outcome, dry_run=dry_run)


def mark(
    deliveries: Chosen,
    state: RemoteState | str,
    *,
    actor: Any,
    reason: str,
    dry_run: bool = False,
    on_outcome: OnOutcome | None = None,
) -> Outcomes:
    """Mark runs as succeeded or failed; Airflow ends the tasks that still run.

    Args:
        deliveries: the deliveries that have started the runs, or their ids.
        state: `succeeded` or `failed`.
        actor: the user, who needs the permission `dj_actions_airflow.mark_airflowrun`; None is
            the system itself.
        reason: why; recorded.
        dry_run: read the runs, and change nothing; needs no reason.
        on_outcome: reports progress.

    Returns:
        One outcome for each run, and for each delivery without one.

    Raises:
        InvalidAction: the state or the reason is not a valid one, or a transaction is open.
        PermissionDenied: the user does not have the permission.
    """
    why = reason if dry_run else require_reason(reason)
    return _run(Mark(state=_mark_of(state)), deliveries, actor, why, on_outcome, dry_run=dry_run)


def note(
    deliveries: Chosen,
    text: str,
    *,
    actor: Any,
    reason: str = "",
    dry_run: bool = False,
    on_outcome: OnOutcome | None = None,
) -> Outcomes:
    """Replace the notes of runs, which Airflow shows with them; the earlier ones are recorded.

    Args:
        deliveries: the deliveries that have started the runs, or their ids.
        text: the note, of at most 1,000 characters.
        actor: the user, who needs the permission `dj_actions_airflow.note_airflowrun`; None is
            the system itself.
        reason: why; recorded.
        dry_run: read the runs, and change nothing.
        on_outcome: reports progress.

    Returns:
        One outcome for each run, and for each delivery without one.

    Raises:
        InvalidAction: the text is empty or too long, or a transaction is open.
        PermissionDenied: the user does not have the permission.
    """
    act = Note(text=text.strip())
    return _run(act, deliveries, actor, reason.strip(), on_outcome, dry_run=dry_run)


def unpause(
    deliveries: Chosen,
    *,
    actor: Any,
    reason: str = "",
    dry_run: bool = False,
    on_outcome: OnOutcome | None = None,
) -> Outcomes:
    """Unpause the DAGs of runs, each once, so that runs that are queued start.

    Args:
        deliveries: the deliveries that have started the runs, or their ids.
        actor: the user, who needs the permission `dj_actions_airflow.unpause_airflowrun`; None is
            the system itself.
        reason: why; recorded.
        dry_run: read the DAGs, and change nothing.
        on_outcome: reports progress.

    Returns:
        One outcome for each run, and for each delivery without one.

    Raises:
        InvalidAction: a transaction is open.
        PermissionDenied: the user does not have the permission.
    """
    return _run(Unpause(), deliveries, actor, reason.strip(), on_outcome, dry_run=dry_run)


def trigger(
    deliveries: Chosen,
    conf: Mapping[str, Any],
    *,
    actor: Any,
    reason: str,
    replace: bool = False,
    dry_run: bool = False,
    on_outcome: OnOutcome | None = None,
) -> Outcomes:
    """Start another run of the same DAG for each delivery, with another payload.

    The new run has an id of its own, which contains the id of the event. The delivery has the new
    run as its receipt and follows it; the earlier run stays as it is, and is in the record.

    Args:
        deliveries: the deliveries that have started the earlier runs, or their ids.
        conf: the keys of the payload that change, as plain JSON.
        actor: the user, who needs the permission `dj_actions_airflow.trigger_airflowrun`; None is
            the system itself.
        reason: why; recorded, and the note of the new run.
        replace: whether `conf` is the whole payload.
        dry_run: read the earlier runs, and change nothing; needs no reason.
        on_outcome: reports progress.

    Returns:
        One outcome for each run, and for each delivery without one.

    Raises:
        InvalidAction: the conf or the reason is not a valid one, or a transaction is open.
        PermissionDenied: the user does not have the permission.
    """
    why = reason if dry_run else require_reason(reason)
    act = Trigger(conf=conf, replace=replace, note=why)
    return _run(act, deliveries, actor, why, on_outcome, dry_run=dry_run)


def _run(
    act: Act,
    deliveries: Chosen,
    actor: Any,
    reason: str,
    on_outcome: OnOutcome | None,
    *,
    dry_run: bool,
) -> Outcomes:
    job = Job(act=act, actor=actor, reason=reason, on_outcome=on_outcome, is_dry_run=dry_run)
    return job.run(deliveries)


def _mark_of(state: RemoteState | str) -> RemoteState:
    try:
        return RemoteState(state)
    except ValueError:
        raise InvalidAction(
            f"A run can be marked as 'succeeded' or 'failed', not as {state!r}."
        ) from None
