"""The patterns that name the actions of a machine token: `todo.mark_done`, or `todo.*`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from dj_actions.exceptions import InvalidAction
from dj_actions.text import did_you_mean

EVERY_ACTION = "*"
"""Stands for all actions of a resource."""


class Pattern(NamedTuple):
    """A resource, and one of its actions or all of them.

    It is not a shell pattern: `todo*` and `*.mark_done` match nothing, so that no token comes to
    name an action that its author did not think of.
    """

    resource: str
    action: str

    @classmethod
    def of(cls, text: str) -> Pattern:
        """Return the pattern for its text; the action is what follows the last dot."""
        resource, _, action = text.rpartition(".")
        return cls(resource, action)

    @property
    def is_whole_resource(self) -> bool:
        """Whether the pattern names all actions of its resource."""
        return self.action == EVERY_ACTION

    def names(self, resource: str, action: str) -> bool:
        """Return whether the pattern names an action; case matters."""
        return self.resource == resource and (self.is_whole_resource or self.action == action)


def names_action(patterns: Iterable[str], resource: str, action: str) -> bool:
    """Return whether one of the patterns names an action."""
    return any(Pattern.of(text).names(resource, action) for text in patterns)


def require_patterns(patterns: Collection[str], known: Iterable[tuple[str, str]]) -> list[str]:
    """Return the patterns, each one once.

    Args:
        patterns: the patterns, as a user has written them.
        known: resource and name of each action.

    Raises:
        InvalidAction: there is no pattern, or one of them names none of the actions.
    """
    if isinstance(patterns, str) or not patterns:
        raise InvalidAction("List the actions that the token may call, such as ['todo.mark_done'].")
    actions = list(known)
    for text in unmatched(patterns, actions):
        raise InvalidAction(_unknown(text, actions))
    return list(dict.fromkeys(patterns))


def unmatched(patterns: Iterable[str], known: Iterable[tuple[str, str]]) -> list[str]:
    """Return the patterns that name none of the known actions, by resource and name."""
    actions = list(known)
    return [
        text for text in patterns if not any(Pattern.of(text).names(*action) for action in actions)
    ]


def _unknown(text: str, actions: Iterable[tuple[str, str]]) -> str:
    labels = [f"{resource}.{name}" for resource, name in actions]
    wholes = [f"{resource}.{EVERY_ACTION}" for resource, _ in actions]
    hint = did_you_mean(text, [*labels, *wholes])
    return f"{text!r} names no action.{hint} Use the form 'todo.mark_done', or 'todo.*'."
