"""Feed ids: parse them, and make them from any key."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Self

SLUG = re.compile(r"[A-Za-z0-9_]{1,100}")
ID = re.compile(r"[A-Za-z0-9_-]+")
"""Characters that every Stream client accepts. The Python client alone would accept more."""

MAX_ID_LENGTH = 100

HASH_SUFFIX = re.compile("--[0-9a-f]{12}$")
"""Suffix of the ids that `safe_id` hashes. An id that already ends like this is hashed as well,
so that no two keys share an id."""


@dataclass(frozen=True, slots=True)
class FeedId:
    """A feed: the slug of its group, and an id within the group."""

    slug: str
    id: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the feed in a string like `slug:id`.

        Raises:
            ValueError: the string is not a feed id.
        """
        slug, _, rest = text.partition(":")
        if not (SLUG.fullmatch(slug) and ID.fullmatch(rest)):
            raise ValueError(
                f"{text!r} is not a valid feed id; expected 'group:id' with letters, digits and _ "
                "in the group, and also - in the id."
            )
        return cls(slug, rest)

    @classmethod
    def of(cls, group: str, key: object) -> Self:
        """Return the feed of a group for any key, which is made safe.

        Raises:
            ValueError: the group is not valid.
        """
        return cls.parse(f"{group}:{safe_id(str(key))}")

    def __str__(self) -> str:
        return f"{self.slug}:{self.id}"


def safe_slug(text: str) -> str:
    """Return a valid group: characters that Stream rejects are replaced by an underscore.

    A resource may be called `my-todo`, and its group is `my_todo` then.
    """
    return re.sub(r"[^A-Za-z0-9_]", "_", text)[:MAX_ID_LENGTH]


def safe_id(text: str) -> str:
    """Return the string if it is a valid id, else a valid id that is unique to it.

    Emails, dots and spaces are common in primary keys, and Stream rejects them.
    """
    if ID.fullmatch(text) and len(text) <= MAX_ID_LENGTH and not HASH_SUFFIX.search(text):
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return f"{re.sub(r'[^A-Za-z0-9_-]', '_', text)[:MAX_ID_LENGTH]}--{digest}"
