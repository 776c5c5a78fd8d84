"""The declaration for an action: a class, a function, or a dotted path to one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from django.utils.module_loading import import_string

from dj_actions.exceptions import (
    ActionNotFound,
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
)
from dj_actions.messages import Message
from dj_actions_stream.declaration.activity import Activity
from dj_actions_stream.effects import Effect

Mapper = Callable[[Message, Effect], Effect | Iterable[Effect] | None]
"""A function of the user's: it receives the message and the default effect."""


def declaration_for(message: Message, option: Any) -> Activity | Mapper:
    """Return the declaration for a message: the action's own, else that of the option.

    Args:
        message: the message.
        option: `activity` in OPTIONS.

    Raises:
        DestinationNotFound: the action's own is invalid.
        PublisherMisconfigured: the option is invalid.
    """
    # Not at the top: the feeds server is an app inside this package, and needs no settings of DRF.
    from dj_actions.registry import registry  # noqa: PLC0415

    try:
        own = registry.get(message.resource, message.action).activity
    except ActionNotFound:
        own = None
    if own is not None:
        return _load(own, DestinationNotFound)
    return _load(activity_option(option, message.label), PublisherMisconfigured)


def activity_option(option: Any, label: str) -> Any:
    """Return what the option declares for an action; None if nothing."""
    if not isinstance(option, Mapping):
        return option
    matches = (value for pattern, value in option.items() if fnmatchcase(label, pattern))
    return next(matches, None)


def load_declaration(declared: Any) -> Activity | Mapper:
    """Return an instance of a declared class, or a function; the default without one.

    Args:
        declared: a class, a function, a dotted path, or None.

    Raises:
        ImportError: the path cannot be imported.
        TypeError: it is neither an `Activity` class nor a function.
    """
    found = import_string(declared) if isinstance(declared, str) else declared
    if found is None:
        return Activity()
    if isinstance(found, type) and issubclass(found, Activity):
        return found()
    if isinstance(found, type) or not callable(found):
        raise TypeError(f"{declared!r} is neither a subclass of Activity nor a function")
    function: Mapper = found
    return function


def _load(declared: Any, failure: type[PublishError]) -> Activity | Mapper:
    try:
        return load_declaration(declared)
    except (ImportError, TypeError) as error:
        raise failure(f"Invalid activity {declared!r}: {error}.") from error
