"""The placeholders of templates, such as `{data.team_id}`, and the values that messages have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, Self

from dj_actions.messages import Message
from dj_actions.redaction import REDACTED

SYSTEM = "system"
"""What stands for the actor of an event without a user."""

ALL = "all"
"""What stands for the object of a bulk action in a string, such as the name of a feed."""

OBJECT_LABEL = "object_label"
"""Option of a delivery that holds the text of the object, as of when the action ran."""

SIMPLE_NAMES = (
    *("action", "id", "object_ids", "occurred_at", "resource", "summary", "traceparent"),
    "version",
)
"""Placeholders that have no path."""

LABELED_NAMES: Mapping[str, tuple[str, ...]] = {
    "actor": ("id", "label"),
    "object": ("id", "label"),
}
"""Placeholders that are an id, and have a label."""

PAYLOADS = ("data", "extra", "result")
"""Placeholders that need a path, for example `{data.team_id}`."""

NAMES = (*SIMPLE_NAMES, *LABELED_NAMES, *PAYLOADS)

PATH = re.compile(r"(?P<path>[A-Za-z_]\w*(?:\.[\w-]+)*)(?P<optional>\??)")

AVAILABLE = (
    "Available placeholders: {actor}, {actor.label}, {object}, {object.label}, {object_ids}, "
    "{resource}, {action}, {summary}, {version}, {id}, {occurred_at}, {traceparent}, and by path "
    "{data.…}, {result.…} and {extra.…}."
)
"""A sentence for the hints of errors."""


class NoValue(Enum):
    """The type of `NO_VALUE`."""

    NO_VALUE = auto()


NO_VALUE: Final = NoValue.NO_VALUE
"""What a template returns that needs no value, and has none."""


class MissingValue(LookupError):
    """The message has no value for a placeholder."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One placeholder of a template."""

    path: tuple[str, ...]

    is_optional: bool = False
    """Whether it ends with a question mark: without a value, the template has no result."""

    @classmethod
    def parse(cls, text: str, *, may_be_whole: bool = False) -> Self:
        """Return the placeholder in a string such as `data.team_id?`.

        Args:
            text: what is between the curly brackets.
            may_be_whole: whether it may be all of the input, result or extra data: `data`.

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
        if name in PAYLOADS and not (rest or may_be_whole):
            raise ValueError(f"{{{text}}} needs a path, for example {{{name}.team_id}}")
        known = LABELED_NAMES.get(name, ())
        if name not in PAYLOADS and (rest[1:] or (rest and rest[0] not in known)):
            raise ValueError(f"{{{name}}} has no {'.'.join(rest)!r}")
        return cls(path, is_optional=bool(match["optional"]))

    @property
    def name(self) -> str:
        """The path as it is written."""
        return ".".join(self.path)

    def value(self, message: Message) -> Any:
        """Return the value as it is in the message: a number, a list, an object.

        Without a user, the actor is `system`; a bulk action has no object.

        Returns:
            `NO_VALUE` if there is none and it is optional.

        Raises:
            MissingValue: there is none, and it is not optional.
        """
        if self.path in {("object",), ("object", "id")}:
            found: Any = NO_VALUE if message.object_id is None else message.object_id
        else:
            found = self._found(message)
        if _holds_redacted(found):
            found = self._without_redacted()
        if found is NO_VALUE and not self.is_optional:
            raise self._missing()
        return found

    def values(self, message: Message) -> list[str]:
        """Return the values as strings: several for a list. A null or empty value is none.

        Raises:
            MissingValue: there is none, and it is not optional.
        """
        found = self._found(message)
        if found == "" and self.path[0] in PAYLOADS:
            found = None
        entries = found if isinstance(found, list) else [found]
        if REDACTED in entries:
            self._without_redacted()
            return []
        texts = [text for entry in entries if (text := _text_of(entry)) is not None]
        if not (texts or self.is_optional or (isinstance(found, list) and not found)):
            raise self._missing()
        return texts

    def _found(self, message: Message) -> Any:
        """Return the value in the message.

        Raises:
            MissingValue: it is not known: what contains it was too large to be stored.
        """
        size = message.unstored.get(self.path[0])
        if size is not None:
            raise MissingValue(
                f"its {self.path[0]} has {size} bytes, more than MAX_STORED_BYTES: only its size "
                "was stored"
            )
        return _value_at(self.path, message)

    def _missing(self) -> MissingValue:
        return MissingValue(f"it has no {self.name}; write {{{self.name}?}} if that may be")

    def _without_redacted(self) -> Any:
        """Return no value for one that was redacted: a destination must not take it for one.

        Raises:
            MissingValue: it is not optional.
        """
        if self.is_optional:
            return NO_VALUE
        raise MissingValue(
            f"its {self.name} is or contains a sensitive field, of which no record has the value"
        )


def _value_at(path: tuple[str, ...], message: Message) -> Any:
    name, *rest = path
    if name in PAYLOADS:
        return _walk(getattr(message, name), rest)
    if name == "actor":
        return _actor_value(message, rest)
    if name == "object":
        return _object_value(message, rest)
    if name == "object_ids":
        return list(message.object_ids)
    if name == "occurred_at":
        return message.occurred_at.isoformat()
    value = getattr(message, name)
    return value if isinstance(value, int) else str(value)


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
        if isinstance(value, Mapping) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return NO_VALUE
    return value


def _holds_redacted(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_redacted, value.values()))
    if isinstance(value, list):
        return any(map(_holds_redacted, value))
    return isinstance(value, str) and value == REDACTED


def _text_of(value: Any) -> str | None:
    """Return a value as text; None for one that is not a plain value."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None
