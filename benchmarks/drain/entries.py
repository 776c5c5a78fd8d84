"""What takes part in a measurement: candidates, each under the conditions of a variant."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.drain.candidates import (
    DJ_ACTIONS,
    DJANGO_TASKS,
    LIMIT,
    PROCRASTINATE,
    RELIABLE_OUTBOX,
    Candidate,
)
from benchmarks.drain.workload import Variant

Entry = tuple[Candidate, Variant]

MAX_QUICK_THREADS = 2
"""More than the usual cores need long rounds: the threads do not start at the same time."""

KEYS = 5_000
"""Ordering keys of the entries in order."""

ENTRIES: tuple[Entry, ...] = (
    (LIMIT, Variant()),
    (DJ_ACTIONS, Variant()),
    (DJ_ACTIONS, Variant(lanes=2)),
    (DJ_ACTIONS, Variant(relays=4)),
    (DJ_ACTIONS, Variant(keys=KEYS)),
    (DJ_ACTIONS, Variant(keys=KEYS, relays=4)),
    (RELIABLE_OUTBOX, Variant()),
    (RELIABLE_OUTBOX, Variant(lanes=4)),
    (RELIABLE_OUTBOX, Variant(keys=KEYS)),
    (RELIABLE_OUTBOX, Variant(keys=KEYS, lanes=4)),
    (PROCRASTINATE, Variant()),
    (DJANGO_TASKS, Variant()),
)
"""All candidates, and those of interest under more conditions."""


def entries_for(variant: Variant, *, quick: bool = False) -> list[Entry]:
    """Return the entries of a measurement.

    With a variant: DJ Actions without and with its conditions, and django-reliable-outbox if it
    has a counterpart. Otherwise all candidates.

    Args:
        variant: the conditions.
        quick: whether to leave out the entries that need long rounds.
    """
    if variant.is_default:
        return [entry for entry in ENTRIES if not quick or _suits_quick(entry[1])]
    entries = [(DJ_ACTIONS, Variant()), (DJ_ACTIONS, variant)]
    other = counterpart(variant)
    return entries if other is None else [*entries, (RELIABLE_OUTBOX, other)]


def counterpart(variant: Variant) -> Variant | None:
    """Return the conditions for django-reliable-outbox that match those of DJ Actions.

    It has the same keys, and as many threads as all relays have lanes. None if there is another
    condition, which is for DJ Actions alone.
    """
    other = Variant(keys=variant.keys, lanes=variant.lanes * variant.relays)
    is_same = replace(variant, keys=0, lanes=1, relays=1).is_default
    return other if is_same else None


def entry_name(candidate: Candidate, variant: Variant) -> str:
    """Return the name of an entry, which is unique."""
    conditions = variant.describe(lanes=candidate.lanes)
    return f"{candidate.name}: {conditions}" if conditions else candidate.name


def _suits_quick(variant: Variant) -> bool:
    return variant.relays * variant.lanes <= MAX_QUICK_THREADS
