"""The user who ran an action, as publishers receive it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from dj_actions.text import MAX_NAME_LENGTH, sanitize


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The user who ran an action, as of that time."""

    id: str
    """Primary key of the user, as a string."""

    label: str
    """Username; the text of a user without one, such as one that a token stands for."""

    @classmethod
    def of(cls, user: Any) -> Self | None:
        """Return the actor for a user; None without a user, or for an anonymous one."""
        if user is None or not user.is_authenticated:
            return None
        label = (user.get_username() if hasattr(user, "get_username") else "") or str(user)
        key = getattr(user, "pk", None)
        return cls(
            id=sanitize(str(label if key is None else key), MAX_NAME_LENGTH),
            label=sanitize(str(label), MAX_NAME_LENGTH),
        )
