"""Let the deliveries be checked whose remote runs have changed, as the destination lists them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import router

from dj_actions.exceptions import PublishError
from dj_actions.messages import RemoteRun
from dj_actions.models import Delivery, PublisherState
from dj_actions.outbox.times import aware
from dj_actions.publishers import BasePublisher
from dj_actions.relay.tracking.remote_reports import is_same_end
from dj_actions.states import RemoteState

OVERLAP = 5.0
"""Seconds that are requested again: the clocks of the destination and of our database differ, and
a change may become visible there late."""

LONG_OVERLAP = 60.0
"""Seconds that are requested again by the first request of each half minute, so that clocks may
differ by as much. Each time, that would fill many responses while many runs are started."""

HALF_MINUTE = 30.0

FIRST_WINDOW = 3600.0
"""Seconds before now from which on changes are requested when none are known."""

MAX_EVENTS = 1000
"""Events in a query: databases limit the number of parameters."""

STALE_AFTER = 60.0
"""Seconds without a successful request after which changes are not known any more."""


def lists_changes(publisher: type[BasePublisher]) -> bool:
    """Return whether runs of a publisher can be followed after their end."""
    return publisher.changed_since is not BasePublisher.changed_since


def are_changes_known(alias: str, *, interval: float) -> bool:
    """Return whether a relay has requested the changed runs of a publisher a moment ago."""
    state = PublisherState.objects.find(alias)
    if state is None or state.changes_known_until is None:
        return False
    age = (state.read_at - state.changes_known_until).total_seconds()
    return age <= max(STALE_AFTER, 3 * interval)


def check_changed(publisher: BasePublisher, *, horizon: float) -> int:
    """Let the deliveries be checked whose runs have changed; return how many.

    Call it only with the right of `PublisherState.objects.take_changes`.

    Args:
        publisher: the one that started the runs.
        horizon: seconds after its end for which a run is followed.

    Raises:
        PublishError: the destination failed.
    """
    states, alias = PublisherState.objects, publisher.alias
    state = states.find(alias)
    if state is None or state.changes_checked_at is None:
        return 0  # another relay has failed in the meantime, and returned the right
    try:
        changed = publisher.changed_since(requested_since(state, horizon))
    except BaseException:
        states.return_changes(alias)
        raise
    if changed is not None and (isinstance(changed, str) or not isinstance(changed, Collection)):
        raise PublishError(
            f"{type(publisher).__name__}.changed_since must return event ids, a mapping from event "
            f"ids, or None; it returned {str(changed)[:200]}."
        )
    found = _check(alias, changed, horizon) if changed else 0
    states.record_changes(alias, until=None if changed is None else state.changes_checked_at)
    return found


def requested_since(state: PublisherState, horizon: float) -> datetime:
    """Return the time from which on changes are requested, in UTC."""
    known = state.changes_known_until or state.read_at - timedelta(seconds=FIRST_WINDOW)
    oldest = state.read_at - timedelta(seconds=horizon)
    is_first = _half_minute(known) != _half_minute(state.changes_checked_at or state.read_at)
    overlap = LONG_OVERLAP if is_first else OVERLAP
    since = max(known, oldest) - timedelta(seconds=overlap)
    return aware(since, using=router.db_for_write(PublisherState)).astimezone(UTC)


def _half_minute(time: datetime) -> int:
    """Return the number of the half minute of a time."""
    return int(time.timestamp() // HALF_MINUTE)


def _check(alias: str, changed: Collection[str], horizon: float) -> int:
    """Make the deliveries due whose runs are not as they are recorded."""
    events = [event for entry in changed if (event := _uuid(entry))]
    runs = changed if isinstance(changed, Mapping) else {}
    count = 0
    for start in range(0, len(events), MAX_EVENTS):
        part = events[start : start + MAX_EVENTS]
        followed = Delivery.objects.followed(alias, part, horizon=horizon)
        keys = [one.pk for one in followed if not _is_recorded(one, runs.get(str(one.event_id)))]
        count += Delivery.objects.filter(pk__in=keys).check_now() if keys else 0
    return count


def _is_recorded(delivery: Delivery, runs: Collection[RemoteRun] | None) -> bool:
    """Return whether one of these runs is as the delivery says.

    An event can have several runs, of which only some are of this delivery.
    """
    return any(
        run.state == delivery.remote_state
        and (
            run.detail == delivery.remote_detail
            if run.state == RemoteState.RUNNING
            else is_same_end(delivery.remote_report, run)
        )
        for run in runs or ()
    )


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None  # it is not one of our events
