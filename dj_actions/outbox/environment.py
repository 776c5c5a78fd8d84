"""Whether the data belong to the environment of these settings."""

from __future__ import annotations

from django.apps import apps

from dj_actions.conf import get_settings

ADOPT = (
    "If this is a copy of its database, cancel what is pending with `manage.py outbox cancel --all "
    "--reason TEXT`, then take it over with `manage.py outbox adopt --reason TEXT`."
)
"""What to do with the data of another environment."""


def foreign_environment() -> str:
    """Return a message if the data belong to another environment, otherwise an empty string."""
    own = get_settings().environment
    states = apps.get_model("dj_actions", "PublisherState")
    found: str = states._default_manager.environment()
    if found in {"", own}:
        return ""
    here = f"is {own!r}" if own else "is not set"
    return (
        f"The data belong to the environment {found!r}, but DJ_ACTIONS['ENVIRONMENT'] {here}: "
        "relays send nothing."
    )
