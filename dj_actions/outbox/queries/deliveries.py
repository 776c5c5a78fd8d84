"""The query set of deliveries."""

from __future__ import annotations

from dj_actions.outbox.queries.backlog import BacklogQueries
from dj_actions.outbox.queries.claim import ClaimQueries
from dj_actions.outbox.queries.dead_letters import DeadLetterQueries
from dj_actions.outbox.queries.filters import FilterQueries
from dj_actions.outbox.queries.lists import ListQueries
from dj_actions.outbox.queries.operators import OperatorQueries
from dj_actions.outbox.queries.receipts import ReceiptQueries
from dj_actions.outbox.queries.remote_runs import RemoteRunQueries
from dj_actions.outbox.queries.timings import TimingQueries
from dj_actions.outbox.queries.tracking import TrackingQueries
from dj_actions.outbox.queries.transitions import TransitionQueries
from dj_actions.outbox.queries.version import VersionQueries


class DeliveryQuerySet(  # type: ignore[override]  # each base has an as_manager of its own type
    ClaimQueries,
    TransitionQueries,
    TrackingQueries,
    FilterQueries,
    OperatorQueries,
    RemoteRunQueries,
    BacklogQueries,
    DeadLetterQueries,
    ListQueries,
    TimingQueries,
    VersionQueries,
    ReceiptQueries,
):
    """Queries and transitions of deliveries, by who uses them: relays, trackers, operators, pages.

    Each transition compares and sets: of two processes that race, only one succeeds.
    """
