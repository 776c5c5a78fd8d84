"""Check how long deliveries took."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import router

from dj_actions.cli.output import count_of, duration, latency
from dj_actions.conf import get_settings
from dj_actions.doctor.findings import Finding, ok, warning
from dj_actions.models import Delivery
from dj_actions.outbox.timings import HOUR, Percentiles, Timings

CHECK = "timings"


def check_timings(max_waiting: float) -> Iterator[Finding]:
    """Check that deliveries of the last hour did not wait too long before they were sent.

    Args:
        max_waiting: seconds that one in 20 of them may have waited.
    """
    rows = Delivery.objects.using(router.db_for_write(Delivery))
    found = rows.timings_of(list(get_settings().publishers), seconds=HOUR)
    measured = {alias: timings for alias, timings in found.items() if timings.deliveries}
    for alias, timings in measured.items():
        yield _finding(alias, timings, max_waiting)
    if not measured:
        yield ok(CHECK, "Nothing was delivered in the last hour.")


def _finding(alias: str, timings: Timings, max_waiting: float) -> Finding:
    message = f"{alias}: {_message(timings)}"
    if timings.waiting and timings.waiting.p95 > max_waiting:
        return warning(
            CHECK,
            f"{message} One in 20 waited for more than {duration(max_waiting)}.",
            "Start more relays, or set a higher CONCURRENCY for the publisher, if it was neither "
            "paused nor failing.",
        )
    return ok(CHECK, message)


def _message(timings: Timings) -> str:
    durations = (
        _text("waited", timings.waiting),
        _text("took", timings.sending),
        _text("ran for", timings.running),
    )
    of = "a sample of " if timings.is_sample else ""
    count = count_of(timings.deliveries, "delivery", "deliveries")
    return f"{of}{count} of the last hour: {'; '.join(filter(None, durations))}."


def _text(verb: str, percentiles: Percentiles | None) -> str:
    if percentiles is None:
        return ""
    return f"{verb} {latency(percentiles.p50)} (p50), {latency(percentiles.p99)} (p99)"
