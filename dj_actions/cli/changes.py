"""`outbox retry`, `cancel`, `replay`, `discard`, `pause` and `resume`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.management.base import CommandError

from dj_actions.cli.filters import chosen_on_purpose
from dj_actions.cli.output import Answer, number_of
from dj_actions.cli.summaries import deliveries_table, light, summary_of
from dj_actions.conf import get_settings
from dj_actions.models import Delivery, PublisherState
from dj_actions.operations.deliveries import cancel, discard, replay, retry
from dj_actions.operations.publishers import pause, require_publisher, resume
from dj_actions.outbox.queries import DeliveryQuerySet
from dj_actions.states import DeliveryState
from dj_actions.text import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One way to change deliveries."""

    name: str

    state: DeliveryState
    """What it can be done with."""

    done: str
    """How it is told, for example `3 deliveries replayed.`"""

    intended: str
    """What would come of it, for a dry run."""

    sends: bool = True
    """Whether they are to be sent then."""

    apply: Callable[[DeliveryQuerySet, Any, str], int]
    """Does it, and returns with how many."""


RETRY = Change(
    name="retry",
    state=DeliveryState.PENDING,
    done="made due",
    intended="would be sent at the relays' next claim",
    apply=lambda rows, _actor, _reason: retry(rows),
)
CANCEL = Change(
    name="cancel",
    state=DeliveryState.PENDING,
    done="cancelled",
    intended="would be cancelled and never sent",
    sends=False,
    apply=lambda rows, actor, reason: cancel(rows, actor=actor, reason=reason),
)
REPLAY = Change(
    name="replay",
    state=DeliveryState.DEAD,
    done="replayed",
    intended="would be sent again",
    apply=lambda rows, actor, reason: replay(rows, actor=actor, reason=reason),
)

DISCARD = Change(
    name="discard",
    state=DeliveryState.DEAD,
    done="discarded",
    intended="would be discarded and never sent",
    sends=False,
    apply=lambda rows, actor, reason: discard(rows, actor=actor, reason=reason),
)


def change_deliveries(change: Change, options: Mapping[str, Any], actor: Any) -> Answer:
    """Change what the filters name, or tell what would be changed."""
    rows = chosen_on_purpose(options, change.state)
    if options["dry_run"]:
        return _would_change(change, rows)
    chosen = Delivery.objects.filter(pk__in=rows.values("pk"), state=change.state).order_by()
    aliases = set(chosen.values_list("publisher", flat=True).distinct())
    count = change.apply(rows, actor, options.get("reason") or "")
    return Answer(
        text=f"{number_of(count)} {change.done}.",
        data={"operation": change.name, "dry_run": False, "count": count},
        notes=_held_back(aliases) if count and change.sends else (),
        failure="" if count else f"No {change.state} delivery matches.",
    )


def _would_change(change: Change, rows: DeliveryQuerySet) -> Answer:
    summaries = [summary_of(delivery) for delivery in light(rows)]
    count = len(summaries)
    data = {
        "operation": change.name,
        "dry_run": True,
        "count": count,
        "deliveries": summaries,
    }
    if not count:
        return Answer(text="", data=data, failure=f"No {change.state} delivery matches.")
    text = f"{deliveries_table(summaries)}\n\nDry run: {number_of(count)} {change.intended}."
    aliases = {row["publisher"] for row in summaries}
    return Answer(text=text, data=data, notes=_held_back(aliases) if change.sends else ())


def _held_back(aliases: set[str]) -> tuple[str, ...]:
    """Return why what is due is not sent all the same."""
    configured = get_settings().publishers
    gone = sorted(aliases - set(configured))
    paused = PublisherState.objects.paused().filter(alias__in=aliases)
    return (
        *(f"{alias} is not in DJ_ACTIONS: no relay serves it." for alias in gone),
        *(
            f"{entry.alias} is paused by {entry.paused_by or 'the system'}: nothing is sent until "
            "it is resumed."
            for entry in paused
        ),
    )


def change_publishers(operation: str, options: Mapping[str, Any], actor: Any) -> Answer:
    """Pause or resume publishers."""
    is_pause = operation == "pause"
    aliases = list(dict.fromkeys(options["publishers"]))
    for alias in aliases:  # all are looked at before any is changed
        require_publisher(alias) if is_pause else _require_known(alias)
    act = pause if is_pause else resume
    changed = [alias for alias in aliases if act(alias, actor=actor, reason=options["reason"])]
    left = [alias for alias in aliases if alias not in changed]
    word = "paused" if is_pause else "resumed"
    already = f"{', '.join(left)}: {'paused already' if is_pause else 'not paused'}."
    return Answer(
        text=f"{', '.join(changed)}: {word}." if changed else "",
        data={"operation": operation, "changed": changed, "unchanged": left},
        notes=(already,) if left and changed else (),
        failure="" if changed else already,
    )


def _require_known(alias: str) -> None:
    """Accept a publisher that has left the settings while it was paused."""
    paused = PublisherState.objects.paused().values_list("alias", flat=True)
    known = {*get_settings().publishers, *paused}
    if alias not in known:
        raise CommandError(f"There is no publisher {alias!r}.{did_you_mean(alias, known)}")
