"""Failures grouped by their cause: publisher, kind, and the first line of the error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from dj_actions.outbox.queries import FailedDelivery

MAX_LINE_LENGTH = 200
"""Characters of a cause that are shown."""

VARIABLE = re.compile(
    r"""
    [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}  # UUIDs
    | \b0x[0-9a-f]+\b                                              # addresses
    | \b[0-9a-f]{16,}\b                                            # hashes and trace ids
    | \d+(?:[.:]\d+)*                                              # numbers, times, versions
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""What differs between two errors with the same cause."""

REPLACEMENT = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseKey:
    """What deliveries that failed for the same reason have in common."""

    publisher: str
    kind: str
    line: str
    """The first line of the error, with "…" in place of ids and numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Deliveries that failed for the same reason."""

    key: CauseKey
    example: str
    """The first line of the latest error, as it is."""

    count: int
    first: datetime
    last: datetime
    ids: tuple[int, ...]
    """Ids of the deliveries."""

    @property
    def selection(self) -> str:
        """The ids as one value of a form, however many there are."""
        return ",".join(map(str, self.ids))

    @property
    def common_text(self) -> str:
        """The longest part of the line that all of the errors contain."""
        return max(self.key.line.split(REPLACEMENT), key=len).strip()


def cause_key(delivery: FailedDelivery) -> CauseKey:
    """Return the cause of a failure."""
    line = VARIABLE.sub(REPLACEMENT, first_line(delivery))
    return CauseKey(
        publisher=delivery.publisher, kind=str(delivery.error.get("kind", "")), line=line
    )


def first_line(delivery: FailedDelivery) -> str:
    """Return the first line of the latest error, shortened."""
    lines = str(delivery.error.get("message", "")).strip().splitlines()
    return lines[0][:MAX_LINE_LENGTH] if lines else ""


def causes_of(failed: Iterable[FailedDelivery]) -> Sequence[Cause]:
    """Group failures by cause, the most frequent first."""
    keyed = sorted(
        ((cause_key(delivery), delivery) for delivery in failed),
        key=lambda pair: (pair[0].publisher, pair[0].kind, pair[0].line, pair[1].at),
    )
    found = [
        _cause(key, [delivery for _, delivery in pairs])
        for key, pairs in groupby(keyed, key=lambda pair: pair[0])
    ]
    return sorted(found, key=lambda cause: (-cause.count, cause.key.publisher, cause.key.line))


def _cause(key: CauseKey, deliveries: Sequence[FailedDelivery]) -> Cause:
    """Return the cause of deliveries that are sorted by time."""
    return Cause(
        key=key,
        example=first_line(deliveries[-1]),
        count=len(deliveries),
        first=deliveries[0].at,
        last=deliveries[-1].at,
        ids=tuple(delivery.pk for delivery in deliveries),
    )
