"""How long deliveries took, as plain data and as a table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from django.db import router

from dj_actions.cli.output import latency, table
from dj_actions.models import Delivery
from dj_actions.outbox.timings import WINDOWS

MEASURES = ("waiting", "sending", "running")
PERCENTILES = ("p50", "p95", "p99")


def timings_data(aliases: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return the timings of publishers for each period: alias → label of the period → timings."""
    rows = Delivery.objects.using(router.db_for_write(Delivery))
    by_label = {
        label: rows.timings_of(aliases, seconds=seconds) for label, seconds in WINDOWS.items()
    }
    return {
        alias: {label: asdict(found[alias]) for label, found in by_label.items()}
        for alias in aliases
    }


def timings_table(publishers: Iterable[Mapping[str, Any]]) -> str:
    """Return a table of the timings of publishers; empty if nothing has arrived lately.

    Args:
        publishers: for each of them its alias as `publisher`, and its `timings`.
    """
    rows = [row for entry in publishers for row in _rows(entry)]
    measures = (f"{measure.upper()} {' / '.join(PERCENTILES)}" for measure in MEASURES)
    return table(("PUBLISHER", "LAST", "DELIVERED", *measures), rows) if rows else ""


def _rows(publisher: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for label, timings in publisher["timings"].items():
        if timings["deliveries"]:
            count = f"{timings['deliveries']}{' (sample)' if timings['is_sample'] else ''}"
            measures = (_cell(timings[measure]) for measure in MEASURES)
            yield publisher["publisher"], label, count, *measures


def _cell(percentiles: Mapping[str, float] | None) -> str:
    return " / ".join(latency(percentiles[name]) for name in PERCENTILES) if percentiles else "-"
