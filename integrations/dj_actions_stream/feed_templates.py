"""Templates of feeds, such as `team:{data.team_id}`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from dj_actions.messages import Message
from dj_actions.publishers.templates import Template
from dj_actions_stream.feed_ids import FeedId, safe_slug


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
