"""Values of a route: literals, templates, and lists and objects of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from dj_actions.exceptions import PublishRejected
from dj_actions.messages import Message
from dj_actions.publishers.templates import NO_VALUE, MissingValue, Template


@lru_cache(maxsize=1024)
def typed_template(text: str) -> Template:
    """Return a template whose only placeholder keeps the type of its value.

    Raises:
        ValueError: a placeholder is malformed or unknown.
    """
    return Template.parse(text, is_typed=True)


def templates_in(value: Any) -> Iterator[str]:
    """Yield the strings in a value that are templates, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from templates_in(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from templates_in(entry)


def fill(name: str, value: Any, message: Message) -> Any:
    """Return a value with its templates filled; entries without an optional value are left out.

    Args:
        name: the option, for an error.
        value: the value; strings in it are templates.
        message: the message.

    Returns:
        `NO_VALUE` for a template without an optional value.

    Raises:
        PublishRejected: the message has no value for a template.
        ValueError: a template is malformed.
    """
    try:
        return _filled(value, message)
    except MissingValue as error:
        raise _missing(name, value, message, error) from error


def fill_texts(name: str, value: Any, message: Message) -> list[str]:
    """Return the strings of a template: several for lists, none without an optional value.

    Raises:
        PublishRejected: the message has no value for it.
        TypeError: it is not a string.
        ValueError: it is malformed.
    """
    try:
        return Template.parse(value).texts(message)
    except MissingValue as error:
        raise _missing(name, value, message, error) from error


def _missing(name: str, value: Any, message: Message, error: MissingValue) -> PublishRejected:
    return PublishRejected(
        f"{message.label} cannot fill {name} {value!r} of its route: {error.args[0]}."
    )


def _filled(value: Any, message: Message) -> Any:
    if isinstance(value, str):
        return typed_template(value).value(message)
    if isinstance(value, Mapping):
        entries = ((key, _filled(entry, message)) for key, entry in value.items())
        return {key: entry for key, entry in entries if entry is not NO_VALUE}
    if isinstance(value, list | tuple):
        return [entry for one in value if (entry := _filled(one, message)) is not NO_VALUE]
    return value


def moment(value: Any, message: Message) -> datetime | None:
    """Return the time of `run_after`, or None without an optional value.

    Args:
        value: seconds after the action, a timedelta, a datetime, or a template of one of them.
        message: the message.

    Raises:
        PublishRejected: the message has no such value.
    """
    found = fill("run_after", value, message)
    if found is NO_VALUE:
        return None
    try:
        return moment_of(found, message.occurred_at)
    except (TypeError, ValueError, OverflowError) as error:
        raise PublishRejected(
            f"{message.label} has run_after {value!r} in its route, which is {found!r:.100} for "
            f"this message: {error}."
        ) from error


def moment_of(value: object, start: datetime) -> datetime:
    """Return the time of a value: seconds or a timedelta from the start, or a moment.

    Raises:
        TypeError: it is something else.
        ValueError: it is negative, has no time zone, or is not a date and time.
        OverflowError: it is too far in the future.
    """
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("it has no time zone")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | timedelta):
        raise TypeError("expected seconds, or a date and time in ISO 8601")
    wait = value if isinstance(value, timedelta) else timedelta(seconds=value)
    if wait < timedelta():
        raise ValueError("it is negative")
    return start + wait
