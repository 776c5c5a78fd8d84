"""`outbox retry`, `cancel`, `replay`, `discard`, `pause` and `resume`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dj_actions.cli.filters import matching_or_all
from dj_actions.cli.output import Answer, deliveries
from dj_actions.cli.summaries import deliveries_table, light, summary_of
from dj_actions.conf import get_settings
from dj_actions.models import PublisherState
from dj_actions.operations import OperationResult, delivery_changes, pause, resume
from dj_actions.operations.deliveries import eligible, run_change
from dj_actions.operations.delivery_changes import DeliveryChange
from dj_actions.operations.environment import adopt
from dj_actions.outbox.queries import DeliveryQuerySet


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A subcommand that changes deliveries."""

    operation: DeliveryChange

    done: str
    """Past participle for the answer, for example `3 deliveries replayed.`"""

    preview: str
    """What a dry run says would happen to them."""


RETRY = Change(
    operation=delivery_changes.RETRY,
    done="made due",
    preview="would be sent as soon as a relay claims them",
)
CANCEL = Change(
    operation=delivery_changes.CANCEL,
    done="cancelled",
    preview="would be cancelled and never sent",
)
REPLAY = Change(operation=delivery_changes.REPLAY, done="replayed", preview="would be sent again")
REPLAY_DELIVERED = Change(
    operation=delivery_changes.REPLAY_DELIVERED,
    done="replayed",
    preview="would be sent again, although delivered before",
)
DISCARD = Change(
    operation=delivery_changes.DISCARD,
    done="discarded",
    preview="would be discarded and never sent",
)


def change_deliveries(change: Change, options: Mapping[str, Any], actor: Any) -> Answer:
    """Change the deliveries that match the filters, or show which ones would be changed."""
    operation = change.operation
    rows = matching_or_all(options, operation.state)
    affected = eligible(operation, rows)
    listed = [summary_of(row) for row in light(affected)] if options["dry_run"] else []
    notes = _held_back(affected) if operation.sends else ()
    if options["dry_run"]:  # count what is listed: a second read may find something else
        result = OperationResult.of([entry["id"] for entry in listed], dry_run=True)
    else:
        reason = options.get("reason") or ""
        result = run_change(operation, rows, actor=actor, reason=reason)
    data: dict[str, Any] = {
        "operation": operation.name,
        "dry_run": result.dry_run,
        "count": result.count,
    }
    if result.dry_run:
        data["deliveries"] = listed
    return Answer(
        text=_preview_of(change, listed) if result.dry_run else _done(change, result),
        data=data,
        notes=notes if result.count else (),
        failure="" if result.count else f"No {operation.state} delivery matches.",
    )


def change_publishers(operation: str, options: Mapping[str, Any], actor: Any) -> Answer:
    """Pause or resume publishers."""
    is_pause = operation == "pause"
    aliases = list(dict.fromkeys(options["publishers"]))
    result = (pause if is_pause else resume)(*aliases, actor=actor, reason=options["reason"])
    changed = [alias for alias in aliases if alias in result.ids]
    unchanged = [alias for alias in aliases if alias not in result.ids]
    done = "paused" if is_pause else "resumed"
    note = f"{', '.join(unchanged)}: {'already paused' if is_pause else 'not paused'}."
    return Answer(
        text=f"{', '.join(changed)}: {done}." if changed else "",
        data={"operation": operation, "changed": changed, "unchanged": unchanged},
        notes=(note,) if unchanged and changed else (),
        failure="" if changed else note,
    )


def adopt_data(options: Mapping[str, Any], actor: Any) -> Answer:
    """Let the data belong to the environment of these settings."""
    name = get_settings().environment
    where = f"the environment {name!r}" if name else "no environment"
    result = adopt(actor=actor, reason=options["reason"])
    return Answer(
        text=f"The data belong to {where} now.",
        data={"operation": "adopt", "environment": name, "changed": bool(result.count)},
        failure="" if result.count else f"The data belong to {where} already.",
    )


def _done(change: Change, result: OperationResult) -> str:
    return f"{deliveries(result.count)} {change.done}."


def _preview_of(change: Change, listed: list[dict[str, Any]]) -> str:
    return f"{deliveries_table(listed)}\n\nDry run: {deliveries(len(listed))} {change.preview}."


def _held_back(affected: DeliveryQuerySet) -> tuple[str, ...]:
    """Return why deliveries that are due will not be sent."""
    aliases = set(affected.order_by().values_list("publisher", flat=True).distinct())
    removed = sorted(aliases - set(get_settings().publishers))
    paused = PublisherState.objects.using(affected.db).paused().filter(alias__in=aliases)
    return (
        *(f"{alias} is not configured in DJ_ACTIONS: no relay serves it." for alias in removed),
        *(
            f"{entry.alias} is paused by {entry.paused_by or 'the system'}: nothing is sent until "
            "it is resumed."
            for entry in paused
        ),
    )
