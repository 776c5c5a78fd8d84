"""Templates such as `team:{data.team_id}`, which are filled with the values of a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from string import Formatter
from typing import TYPE_CHECKING, Any, Self

from dj_actions.messages import Message
from dj_actions.publishers.placeholders import (
    AVAILABLE,
    NO_VALUE,
    OBJECT_LABEL,
    SYSTEM,
    MissingValue,
    Placeholder,
)

if TYPE_CHECKING:
    from dj_actions.context import ActionContext

__all__ = [
    "AVAILABLE",
    "NO_VALUE",
    "SYSTEM",
    "MissingValue",
    "Template",
    "with_object_label",
]

MAX_LABEL_LENGTH = 255
"""Characters of the text of an object that are recorded."""


@dataclass(frozen=True, slots=True)
class Template:
    """A string with placeholders in curly brackets."""

    parts: tuple[str | Placeholder, ...]

    @classmethod
    def parse(cls, text: object, *, is_typed: bool = False) -> Self:
        """Return the template in a string.

        Args:
            text: the string.
            is_typed: whether `value` will be used: all of the input may be a placeholder then.

        Raises:
            TypeError: it is not a string.
            ValueError: a placeholder is malformed or unknown.
        """
        if not isinstance(text, str):
            raise TypeError(f"expected a string, not {text!r}")
        parsed = list(Formatter().parse(text))
        is_alone = is_typed and len(parsed) == 1 and not parsed[0][0]
        parts: list[str | Placeholder] = []
        for literal, name, specification, conversion in parsed:
            if literal:
                parts.append(literal)
            if specification or conversion:
                raise ValueError("a placeholder has neither ':' nor '!'")
            if name is not None:
                parts.append(Placeholder.parse(name, may_be_whole=is_alone))
        return cls(tuple(parts))

    @property
    def names(self) -> frozenset[str]:
        """The first names of its placeholders."""
        return frozenset(part.path[0] for part in self.placeholders)

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """Its placeholders, in the order of the text."""
        return tuple(part for part in self.parts if isinstance(part, Placeholder))

    def texts(self, message: Message) -> list[str]:
        """Return the text for a message: several for lists, none without an optional value.

        Raises:
            MissingValue: the message has no value for a placeholder.
        """
        values = [[part] if isinstance(part, str) else part.values(message) for part in self.parts]
        return ["".join(parts) for parts in product(*values)]

    def text(self, message: Message) -> str:
        """Return the text for a message, empty without an optional value."""
        return ", ".join(self.texts(message))

    def value(self, message: Message) -> Any:
        """Return the value of the only placeholder with its own type, or the text.

        Returns:
            `NO_VALUE` without an optional value.

        Raises:
            MissingValue: the message has no value for a placeholder.
        """
        if len(self.parts) == 1 and isinstance(self.parts[0], Placeholder):
            return self.parts[0].value(message)
        texts = self.texts(message)
        return ", ".join(texts) if texts else NO_VALUE


def with_object_label(options: Mapping[str, Any], context: ActionContext) -> Mapping[str, Any]:
    """Return the options of a route with the text of the object, for `{object.label}`.

    The object may be deleted when its message is sent.

    Args:
        options: the options of the route.
        context: the context of the action, after it was performed.
    """
    label = _label_of(context)
    return {**options, OBJECT_LABEL: label} if label else options


def _label_of(context: ActionContext) -> str:
    """Return the text of the object of an action, or of how many there are."""
    objects = context.objects
    if not objects:
        return ""
    if len(objects) > 1:
        options = objects[0]._meta
        return f"{len(objects)} {options.verbose_name_plural}"
    try:
        text = str(objects[0])
    except Exception:  # noqa: BLE001 - an object without a text must not fail its action
        return ""
    return text.replace("\x00", "")[:MAX_LABEL_LENGTH]
