"""A relay sends only what was recorded in its own environment."""

from __future__ import annotations

from dj_actions.conf import get_settings
from dj_actions.exceptions import InvalidSetting
from dj_actions.models import PublisherState
from dj_actions.outbox.environment import ADOPT, foreign_environment


def require_own_environment() -> None:
    """Bind the data to the environment of this relay, unless they are bound already.

    Raises:
        InvalidSetting: they belong to another environment. No claim returns them, either: a
            database may be replaced while relays run.
    """
    if name := get_settings().environment:
        PublisherState.objects.bind_environment(name)
    if message := foreign_environment():
        raise InvalidSetting(f"{message} {ADOPT}")
