"""Whether the data belong to the environment of these settings."""

from __future__ import annotations

from typing import Any

from django.apps import apps

from dj_actions.conf import get_settings
from dj_actions.exceptions import InvalidSetting

ADOPT = (
    "If this is a copy of its database, cancel what is pending with `manage.py outbox cancel --all "
    "--reason TEXT`, then take it over with `manage.py outbox adopt --reason TEXT`."
)
"""What to do with the data of another environment."""


def foreign_environment() -> str:
    """Return a message if the data belong to another environment, otherwise an empty string."""
    own = get_settings().environment
    found: str = _states().environment()
    if found in {"", own}:
        return ""
    here = f"is {own!r}" if own else "is not set"
    return (
        f"The data belong to the environment {found!r}, but DJ_ACTIONS['ENVIRONMENT'] {here}: "
        "relays send nothing."
    )


def require_own_environment() -> None:
    """Bind the data to the environment of these settings, unless they are bound already.

    A relay sends only what was recorded in its own environment.

    Raises:
        InvalidSetting: they belong to another environment. No claim returns them, either: a
            database may be replaced while relays run.
    """
    if name := get_settings().environment:
        _states().bind_environment(name)
    if message := foreign_environment():
        raise InvalidSetting(f"{message} {ADOPT}")


def _states() -> Any:
    """Return the manager of what relays share; its model cannot be imported here."""
    return apps.get_model("dj_actions", "PublisherState")._default_manager
