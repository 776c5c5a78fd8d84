"""The id of a feed: the slug of its group, which has to exist, and a user's id."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from dj_actions_stream.server.feed_groups.groups import FeedGroup, group_of
from dj_actions_stream.server.protocol.errors import InputError

# Characters that both the Python and the JavaScript client accept: [\w-] and \w, in ASCII.
SLUG = re.compile(r"[A-Za-z0-9_]{1,255}")
USER_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
MAX_LENGTH = 511


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedId:
    """One feed, for example `user:42`."""

    slug: str
    user_id: str

    def __post_init__(self) -> None:
        if not SLUG.fullmatch(self.slug):
            raise InputError(
                "A feed slug must have 1 to 255 letters, digits and underscores.",
                fields={"feed_slug": ["only letters, digits and _ are allowed"]},
            )
        if not USER_ID.fullmatch(self.user_id):
            raise InputError(
                "A user id must have 1 to 255 letters, digits, underscores and hyphens.",
                fields={"user_id": ["only letters, digits, _ and - are allowed"]},
            )
        group_of(self.slug)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the feed in a string like `slug:id`.

        Raises:
            InputError: the string is not a feed id.
            FeedConfigError: the feed group does not exist.
        """
        slug, _, user_id = text.partition(":")
        return cls(slug=slug, user_id=user_id)

    def __str__(self) -> str:
        return f"{self.slug}:{self.user_id}"

    @property
    def group(self) -> FeedGroup:
        """The feed group."""
        return group_of(self.slug)

    @property
    def claim(self) -> str:
        """The feed_id in a token: stream-python joins the two parts without a separator."""
        return f"{self.slug}{self.user_id}"
