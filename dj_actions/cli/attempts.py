"""The attempts of a delivery as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dj_actions.cli.output import count_of, latency, one_line
from dj_actions.models import Attempt


def attempt_lines(attempts: Sequence[Attempt]) -> Iterator[str]:
    """Yield a line for each attempt, in full length, and one where attempts are not kept."""
    previous: Attempt | None = None
    for attempt in attempts:
        missing = _missing_between(previous, attempt)
        if missing:
            yield f"… {count_of(missing, 'attempt', 'attempts')} in between, not kept"
        yield one_line(_line(attempt))
        previous = attempt


def _missing_between(previous: Attempt | None, attempt: Attempt) -> int:
    """Return how many attempts that counted are missing between two that are kept."""
    if previous is None or previous.number is None or attempt.number is None:
        return 0
    # An earlier release kept one entry, without its duration, for all that ended alike.
    merged = attempt.times - 1 if attempt.seconds is None else 0
    return max(0, attempt.number - previous.number - 1 - merged)


def _line(attempt: Attempt) -> str:
    start = attempt.started_at.isoformat() if attempt.started_at else "-"
    number = "-" if attempt.number is None else attempt.number
    details = [
        f"after {latency(attempt.seconds)}" if attempt.seconds is not None else "",
        f"by {attempt.relay}" if attempt.relay else "",
        "" if attempt.is_counted else "not counted",
    ]
    status = f" {attempt.status}" if attempt.status else ""
    how = ", ".join(filter(None, (f"{attempt.kind or '-'}{status}", *details)))
    message = f": {attempt.message}" if attempt.message else ""
    return f"{start}  attempt {number}  {how}{message}"
