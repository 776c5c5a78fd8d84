"""System checks of the actions."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004

from dj_actions.action import Action
from dj_actions.conf import Settings
from dj_actions.declaration.sensitive import misspelled_sensitive_names
from dj_actions.exceptions import InvalidAction, InvalidSetting
from dj_actions.execution.database import database_for
from dj_actions.registry import registry


def check_actions(settings: Settings) -> Iterator[CheckMessage]:
    """Report actions whose publishers or databases do not fit."""
    for definition in registry:
        try:
            settings.publishers_for(definition.label, definition.publish)
        except InvalidSetting as error:
            yield Error(str(error), id="dj_actions.E003")
        try:
            database_for(definition)
        except InvalidAction as error:
            yield Error(
                str(error),
                hint="Route both to the same database in DATABASE_ROUTERS.",
                id="dj_actions.E004",
            )


def check_sensitive() -> Iterator[CheckMessage]:
    """Report names of fields that are probably meant to be redacted, and are not."""
    for definition in registry:
        for name, meant in misspelled_sensitive_names(definition):
            yield Warning(
                f"Action {definition.label} has the sensitive field {name!r}, but its input has "
                f"{meant!r}.",
                hint="List the names of fields as the input has them.",
                id="dj_actions.W008",
            )


def check_unregistered() -> Iterator[CheckMessage]:
    """Report classes that nothing offers because they were not registered."""
    for action in _subclasses(Action):
        if not (vars(action).get("definition") or inspect.isabstract(action)) and _is_used(action):
            yield Warning(
                f"The action {action.__module__}.{action.__qualname__} is not registered, so it "
                "is not offered and cannot be run.",
                hint="Put @register on it, or list it in the action_registry of a viewset.",
                id="dj_actions.W007",
            )


def _is_used(action: type[Action]) -> bool:
    """Return whether a class in an installed app is meant to be an action, not a base of some."""
    module = sys.modules.get(action.__module__)
    return (
        hasattr(action, "model")
        and not action.__subclasses__()
        and apps.get_containing_app_config(action.__module__) is not None
        and getattr(module, action.__qualname__, None) is action
    )


def _subclasses(base: type[Any]) -> Iterator[type[Action]]:
    for subclass in base.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
