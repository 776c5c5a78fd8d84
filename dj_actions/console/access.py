"""Who may do what in the console."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from dj_actions.console.conf import get_console_settings

__all__ = ["Verb"]

APP_LABEL = "dj_actions_console"


class Verb(StrEnum):
    """What a user may be allowed to do; the values are the codenames of Django permissions."""

    VIEW = "view_console"
    """See the pages, without what actions received and returned."""

    VIEW_PAYLOADS = "view_payloads"
    """See inputs, results and what was sent."""

    RETRY = "retry_deliveries"
    CANCEL = "cancel_deliveries"
    REPLAY = "replay_deliveries"
    DISCARD = "discard_deliveries"
    PAUSE = "pause_publishers"

    RUN = "run_actions"
    """Run actions from the catalogue; the user must also be allowed to change the objects."""


def staff_with_permission(user: Any, verb: Verb) -> bool:
    """Return whether the user is active staff with the permission: the default of ACCESS."""
    return bool(user.is_active and user.is_staff and user.has_perm(f"{APP_LABEL}.{verb}"))


def may(user: Any, verb: Verb) -> bool:
    """Return whether a user may do something, as DJ_ACTIONS_CONSOLE["ACCESS"] decides."""
    decide = get_console_settings().access or staff_with_permission
    return bool(decide(user, verb))
