"""`outbox list`, `show` and `stats`, which change nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import router

from dj_actions.cli.attempts import attempt_lines
from dj_actions.cli.filters import matching
from dj_actions.cli.output import Answer, display, duration, one_line, table
from dj_actions.cli.summaries import deliveries_table, details_of, light, summary_of
from dj_actions.cli.timings import timings_data, timings_table
from dj_actions.conf import get_settings
from dj_actions.models import Delivery, DeliveryCount, PublisherState
from dj_actions.operations.publishers import require_publisher
from dj_actions.outbox.queries import (
    NO_COUNTS,
    DeliveryQuerySet,
    PublisherCounts,
    RecentCounts,
    database_time,
)
from dj_actions.outbox.times import aware
from dj_actions.states import DeliveryState, RemoteState


def list_deliveries(options: Mapping[str, Any]) -> Answer:
    """List the deliveries that match the filters."""
    found = matching(options, options["state"])
    summaries = [summary_of(delivery) for delivery in light(found[: options["limit"]])]
    if not summaries:
        return Answer(text="", data=[], failure="No delivery matches.")
    total = len(summaries) if len(summaries) < options["limit"] else found.count()
    notes = () if total == len(summaries) else (f"{len(summaries)} of {total} shown; see --limit.",)
    return Answer(text=deliveries_table(summaries), data=summaries, notes=notes)


def show_delivery(options: Mapping[str, Any]) -> Answer:
    """Show one delivery with its attempts and its event."""
    rows = Delivery.objects.using(router.db_for_write(Delivery))
    delivery = rows.filter(pk=options["id"]).select_related("event").first()
    if delivery is None:
        raise CommandError(f"There is no delivery {options['id']}.")
    details = details_of(delivery)
    attempts, event = delivery.attempt_log, details["event"]
    shown_below = {"errors", "attempt_log", "event", "remote_report", "remote_history"}
    blocks = [
        _lines({name: value for name, value in details.items() if name not in shown_below}),
        *_remote_blocks(delivery),
        f"Attempts: {len(attempts) or 'none'}",
        *(["\n".join(attempt_lines(attempts))] if attempts else []),
        "Event:",
        _lines(event),
    ]
    return Answer(text="\n\n".join(blocks), data=details)


def show_stats(options: Mapping[str, Any]) -> Answer:
    """Count deliveries by publisher and state, and show how long the recent ones took."""
    alias = options["publisher"]
    database = router.db_for_write(Delivery)
    rows = Delivery.objects.using(database).matching(publisher=alias)
    counts = {entry.publisher: entry for entry in rows.stats()}
    remote = _remote_counts(rows)
    states = {entry.alias: entry for entry in PublisherState.objects.using(database).publishers()}
    names = sorted({*get_settings().publishers, *counts, *states})
    if alias is not None:
        require_publisher(alias, or_in=names)
        names = [alias]
    timings, recent = timings_data(names), recent_counts(database)
    data = [
        _stats_of(name, counts.get(name), states.get(name))
        | {
            "last_24_hours": _recent(recent.get(name, NO_COUNTS)),
            "timings": timings[name],
            "remote": remote.get(name, {}),
        }
        for name in names
    ]
    tables = filter(None, (_stats_table(data), timings_table(data)))
    return Answer(text="\n\n".join(tables), data=data)


def _stats_of(
    alias: str, counts: PublisherCounts | None, publisher: PublisherState | None
) -> dict[str, Any]:
    by_state = {state.value: counts.counts[state] if counts else 0 for state in DeliveryState}
    return {
        "publisher": alias,
        "is_configured": alias in get_settings().publishers,
        **by_state,
        "oldest_pending_seconds": counts.oldest_pending if counts else None,
        "paused_at": publisher and _aware(publisher, publisher.paused_at),
        "paused_by": publisher.paused_by if publisher else "",
        "pause_reason": publisher.pause_reason if publisher else "",
        "open_until": publisher and _aware(publisher, publisher.open_until),
        "open_reason": publisher.open_reason if publisher else "",
    }


def recent_counts(database: str) -> dict[str, RecentCounts]:
    """Return what relays have delivered to each publisher in the last 24 hours."""
    now = aware(database_time(using=database), using=database)
    return DeliveryCount.objects.using(database).recent(now)


def _recent(counts: RecentCounts) -> dict[str, int]:
    return {"delivered": counts.delivered, "failed_attempts": counts.failed}


def _remote_counts(rows: DeliveryQuerySet) -> dict[str, dict[str, int]]:
    """Return how many remote runs of each publisher are in which state."""
    counts: dict[str, dict[str, int]] = {}
    for alias, state, count in rows.count_remote_states():
        counts.setdefault(alias, {})[state] = count
    return counts


def _aware(publisher: PublisherState, time: datetime | None) -> datetime | None:
    return time and aware(time, using=str(publisher._state.db))


def _stats_table(data: list[dict[str, Any]]) -> str:
    states = [state.value for state in DeliveryState]
    has_runs = any(entry["remote"] for entry in data)
    remote = ("REMOTE RUNS",) if has_runs else ()
    headings = (
        *("PUBLISHER", *(state.upper() for state in states), "OLDEST PENDING"),
        *("24 H DELIVERED / FAILED", *remote, "NOTE"),
    )
    rows = [
        (
            entry["publisher"],
            *(entry[state] for state in states),
            duration(entry["oldest_pending_seconds"]),
            " / ".join(map(str, entry["last_24_hours"].values())),
            *([_remote_text(entry["remote"])] if has_runs else ()),
            _note(entry),
        )
        for entry in data
    ]
    return table(headings, rows)


def _remote_text(counts: Mapping[str, int]) -> str:
    known = [state.value for state in RemoteState if state.value in counts]
    return ", ".join(f"{counts[state]} {state}" for state in known)


def _note(entry: Mapping[str, Any]) -> str:
    notes = []
    if not entry["is_configured"]:
        notes.append("not configured")
    if entry["paused_at"]:
        notes.append(f"paused by {entry['paused_by'] or 'the system'}: {entry['pause_reason']}")
    if entry["open_until"]:
        until = display(entry["open_until"])
        notes.append(f"circuit breaker open until {until}: {entry['open_reason']}")
    return "; ".join(notes)


def _remote_blocks(delivery: Delivery) -> list[str]:
    """Return what is known of the remote run besides its state, if anything is."""
    report, history = delivery.remote_report or {}, delivery.remote_history
    failure = dict(report.get("failure") or {})
    log = failure.pop("log", [])
    rest = {**report, **({"failure": failure} if failure else {})}
    parts = {
        "Remote run:": _lines(rest) if rest else "",
        "Its log ends with:": "\n".join(map(one_line, log)),
        "Its states:": "\n".join(map(_past_state, history)),
    }
    return [part for title, text in parts.items() if text for part in (title, text)]


def _past_state(entry: Mapping[str, Any]) -> str:
    return one_line("  ".join(str(entry.get(name, "-")) for name in ("at", "state", "detail")))


def _lines(values: Mapping[str, Any]) -> str:
    width = max(map(len, values))
    return "\n".join(f"{name.ljust(width)}  {_value(value)}" for name, value in values.items())


def _value(value: object) -> str:
    if isinstance(value, (dict, list)):
        return one_line(json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False))
    return one_line(display(value))
