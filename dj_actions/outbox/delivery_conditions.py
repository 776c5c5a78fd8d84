"""The conditions of a delivery's constraints and indexes."""

from __future__ import annotations

from django.db.models import Q

from dj_actions.states import DeliveryState, RemoteState

HELD = Q(lease_token__isnull=False, lease_expires_at__isnull=False)
NOT_HELD = Q(lease_token=None, lease_expires_at=None)
PENDING = Q(state=DeliveryState.PENDING, settled_at=None)
SENDING = Q(state=DeliveryState.SENDING, settled_at=None, attempts__gte=1)
SETTLED = Q(settled_at__isnull=False) & (
    Q(state=DeliveryState.DELIVERED)
    | Q(state=DeliveryState.DEAD)
    | Q(state=DeliveryState.CANCELLED)
)
TRACKED = ~Q(remote_state=RemoteState.UNTRACKED)
UNTRACKED = Q(
    remote_state=RemoteState.UNTRACKED,
    remote_check_at=None,
    remote_ended_at=None,
    remote_changed_at=None,
    remote_report__isnull=True,
    remote_history=[],
)
RUNNING = Q(remote_state=RemoteState.RUNNING, remote_check_at__isnull=False, remote_ended_at=None)
# An end may still be checked: a destination may start a run again.
ENDED = Q(remote_ended_at__isnull=False) & (
    Q(remote_state=RemoteState.SUCCEEDED)
    | Q(remote_state=RemoteState.FAILED)
    | Q(remote_state=RemoteState.LOST)
)
# Those that can block later deliveries with their ordering key. PostgreSQL tests each row that it
# writes: the most frequent exclusion comes first, and no IN, for which it deconstructs an array.
IN_LINE = (
    ~Q(ordering_scope="") & ~Q(state=DeliveryState.DELIVERED) & ~Q(state=DeliveryState.CANCELLED)
)
