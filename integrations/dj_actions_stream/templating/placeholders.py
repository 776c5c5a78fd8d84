"""Placeholders such as `{data.team_id}`, and the values that messages have for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from dj_actions.messages import Message

SYSTEM = "system"
"""What stands for the actor of an event without a user."""

ALL = "all"
"""What stands for the object of a bulk action in the name of a feed."""

OBJECT_LABEL = "object_label"
"""Option of a delivery that holds the text of the object, as of when the action ran."""

SIMPLE_NAMES = ("action", "id", "resource", "summary", "version")
"""Placeholders that have no path."""

PEOPLE_AND_THINGS: Mapping[str, tuple[str, ...]] = {
    "actor": ("id", "label"),
    "object": ("id", "label"),
}
"""Placeholders that are an id, and have a label."""

PAYLOADS = ("data", "extra", "result")
"""Placeholders that need a path, for example `{data.team_id}`."""

NAMES = (*SIMPLE_NAMES, *PEOPLE_AND_THINGS, *PAYLOADS)

PATH = re.compile(r"(?P<path>[A-Za-z_]\w*(?:\.[\w-]+)*)(?P<optional>\??)")

AVAILABLE = (
    "Available placeholders: {actor}, {actor.label}, {object}, {object.label}, {resource}, "
    "{action}, {summary}, {version}, {id}, and by path {data.…}, {result.…} and {extra.…}."
)


class MissingValue(LookupError):
    """The message has no value for a placeholder."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One placeholder of a template."""

    path: tuple[str, ...]

    is_optional: bool = False
    """Whether it ends with a question mark: without a value, the template has no result."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the placeholder in a text such as `data.team_id?`.

        Raises:
            ValueError: no message has such a value.
        """
        match = PATH.fullmatch(text)
        if match is None:
            raise ValueError(f"{{{text}}} is not a placeholder")
        path = tuple(match["path"].split("."))
        name, *rest = path
        if name not in NAMES:
            raise ValueError(f"unknown placeholder {{{text}}}")
        if name in PAYLOADS and not rest:
            raise ValueError(f"{{{text}}} needs a path, for example {{{name}.team_id}}")
        known = PEOPLE_AND_THINGS.get(name, ())
        if name not in PAYLOADS and (rest[1:] or (rest and rest[0] not in known)):
            raise ValueError(f"{{{name}}} has no {'.'.join(rest)!r}")
        return cls(path, is_optional=bool(match["optional"]))

    def values(self, message: Message) -> list[str]:
        """Return the values: several for a list.

        Raises:
            MissingValue: there is none, and it is not optional.
        """
        found = _value_at(self.path, message)
        entries = found if isinstance(found, list) else [found]
        texts = [text for entry in entries if (text := _text_of(entry)) is not None]
        if not (texts or self.is_optional or (isinstance(found, list) and not found)):
            raise MissingValue(
                f"it has no {'.'.join(self.path)}; write {{{'.'.join(self.path)}?}} if that may be"
            )
        return texts


def _value_at(path: Iterable[str], message: Message) -> Any:
    name, *rest = path
    if name in PAYLOADS:
        return _walk(getattr(message, name), rest)
    if name == "actor":
        return _actor_value(message, rest)
    if name == "object":
        return _object_value(message, rest)
    return str(getattr(message, name))


def _actor_value(message: Message, rest: list[str]) -> str:
    if rest == ["label"]:
        return message.actor.label if message.actor else ""
    return message.actor.id if message.actor else SYSTEM


def _object_value(message: Message, rest: list[str]) -> str:
    if rest == ["label"]:
        return str(message.options.get(OBJECT_LABEL, ""))
    return ALL if message.object_id is None else message.object_id


def _walk(value: Any, path: list[str]) -> Any:
    for key in path:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return None if value == "" else value


def _text_of(value: Any) -> str | None:
    """Return a value as text; None for one that is not a plain value."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None
