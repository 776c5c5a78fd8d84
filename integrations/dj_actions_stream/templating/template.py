"""Templates such as `team:{data.team_id}`, which are filled with the values of a message."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from string import Formatter
from typing import Self

from dj_actions.messages import Message
from dj_actions_stream.feed_ids import FeedId, safe_slug
from dj_actions_stream.templating.placeholders import Placeholder


@dataclass(frozen=True, slots=True)
class Template:
    """A text with placeholders in curly brackets."""

    parts: tuple[str | Placeholder, ...]

    @classmethod
    def parse(cls, text: object) -> Self:
        """Return the template in a string.

        Raises:
            TypeError: it is not a string.
            ValueError: a placeholder is malformed or unknown.
        """
        if not isinstance(text, str):
            raise TypeError(f"expected a string, not {text!r}")
        parts: list[str | Placeholder] = []
        for literal, name, specification, conversion in Formatter().parse(text):
            if literal:
                parts.append(literal)
            if specification or conversion:
                raise ValueError("a placeholder has neither ':' nor '!'")
            if name is not None:
                parts.append(Placeholder.parse(name))
        return cls(tuple(parts))

    @property
    def names(self) -> frozenset[str]:
        """The first names of its placeholders."""
        return frozenset(part.path[0] for part in self.parts if isinstance(part, Placeholder))

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


@dataclass(frozen=True, slots=True)
class FeedTemplate:
    """A template of a feed: `group:key`."""

    group: Template
    key: Template

    @classmethod
    def parse(cls, text: object) -> Self:
        """Return the template in a string.

        Raises:
            TypeError: it is not a string.
            ValueError: it is not `group:key`, or a placeholder is malformed or unknown.
        """
        if not isinstance(text, str):
            raise TypeError(f"expected a string, not {text!r}")
        group, _, key = text.partition(":")
        if not (group and key):
            raise ValueError("expected group:key")
        template = cls(Template.parse(group), Template.parse(key))
        if template.group.names - {"action", "resource"}:
            raise ValueError("a group may contain {resource} and {action} only")
        literal = "".join(part for part in template.group.parts if isinstance(part, str))
        if literal != safe_slug(literal):
            raise ValueError(f"the group {group!r} may have letters, digits and _ only")
        return template

    def feeds(self, message: Message) -> list[FeedId]:
        """Return the feeds for a message: several for lists, none without an optional value.

        Raises:
            MissingValue: the message has no value for a placeholder.
            ValueError: the group is not valid.
        """
        slug = safe_slug(self.group.text(message))
        return [FeedId.of(slug, key) for key in self.key.texts(message)]
