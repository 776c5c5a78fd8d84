"""The operations on the outbox: one service layer for the command line, the admin and your code.

Each operation returns an `OperationResult`; with `dry_run=True` it changes nothing and returns
what it would change. Import this package after Django has loaded the apps: it imports models.
"""

from __future__ import annotations

from dj_actions.operations.deliveries import cancel, discard, replay, replay_delivered, retry
from dj_actions.operations.machine_tokens import (
    NewMachineToken,
    create_machine_token,
    revoke_machine_token,
    rotate_machine_token,
)
from dj_actions.operations.publishers import pause, resume
from dj_actions.operations.result import OperationResult
from dj_actions.operations.retention import archive, prune

__all__ = [
    "NewMachineToken",
    "OperationResult",
    "archive",
    "cancel",
    "create_machine_token",
    "discard",
    "pause",
    "prune",
    "replay",
    "replay_delivered",
    "resume",
    "retry",
    "revoke_machine_token",
    "rotate_machine_token",
]
