"""Heartbeats of relays, and the findings of a check."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Sequence
from uuid import uuid4

import pytest

from dj_actions.doctor import Finding, State
from dj_actions.models import RelayHeartbeat
from dj_actions.outbox.queries import after

HOST = socket.gethostname()

See = Callable[..., RelayHeartbeat]


@pytest.fixture
def see(db: None) -> See:
    """Return a function that records a heartbeat of a relay, some seconds ago."""

    def see(
        *, ago: float = 0, host: str = HOST, publishers: Sequence[str] = ("memory",)
    ) -> RelayHeartbeat:
        relay = uuid4()
        RelayHeartbeat.objects.beat(relay, host=host, pid=os.getpid(), publishers=publishers)
        if ago:
            RelayHeartbeat.objects.filter(pk=relay).update(seen_at=after(-ago))
        return RelayHeartbeat.objects.get(pk=relay)

    return see


def only(findings: Iterable[Finding]) -> Finding:
    """Return the only finding."""
    (finding,) = findings
    return finding


def messages(findings: Iterable[Finding]) -> list[tuple[State, str]]:
    """Return the state and the message of each finding."""
    return [(finding.state, finding.message) for finding in findings]
