"""Names of feeds: where an activity goes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Self

from dj_actions.messages import Message

SLUG = re.compile(r"[A-Za-z0-9_]{1,100}")
ID = re.compile(r"[A-Za-z0-9_-]+")
"""What all of Stream's clients accept; the Python one alone would take more."""


MAX_ID_LENGTH = 100

MADE = re.compile("--[0-9a-f]{12}$")
"""How the ids we make end: an id that ends so by itself is made anew, so that none are equal."""


@dataclass(frozen=True, slots=True)
class FeedId:
    """A feed group and whose feed of it."""

    slug: str
    id: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `slug:id`.

        Raises:
            ValueError: it is something else.
        """
        slug, _, rest = text.partition(":")
        if not (SLUG.fullmatch(slug) and ID.fullmatch(rest)):
            raise ValueError(
                f"{text!r} is no feed. Use 'group:id', with letters, digits and _ in the group, "
                "and also - in the id."
            )
        return cls(slug, rest)

    def __str__(self) -> str:
        return f"{self.slug}:{self.id}"


def fill(template: str, message: Message) -> FeedId:
    """Return the feed a template such as `user:{actor}` names for a message.

    Args:
        template: may hold `{actor}`, `{object}`, `{resource}` and `{action}`.

    Raises:
        KeyError: it holds another name.
        ValueError: what comes of it is no feed.
    """
    values = {
        "actor": message.actor.id if message.actor else "system",
        "object": message.object_id if message.object_id is not None else "all",
        "resource": message.resource,
        "action": message.action,
    }
    slug, _, rest = template.partition(":")
    if not rest:
        raise ValueError("it is not of the form group:id")
    return FeedId.parse(f"{slug.format(**values)}:{safe_id(rest.format(**values))}")


def safe_id(text: str) -> str:
    """Return the text if it can be an id, else a form that can, and that no other text has.

    Emails, dots and spaces are common in keys of users, and Stream refuses them.
    """
    if ID.fullmatch(text) and len(text) <= MAX_ID_LENGTH and not MADE.search(text):
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return f"{re.sub(r'[^A-Za-z0-9_-]', '_', text)[:MAX_ID_LENGTH]}--{digest}"
