"""Feeds by what they belong to: users, objects, or a group and a key."""

from __future__ import annotations

from typing import Any, Self

from django.contrib.auth import get_user_model
from django.db.models import Model

from dj_actions_stream.feed_ids import FeedId, safe_slug

USER_GROUP = "user"
"""Group of the feeds of users."""


class Feed(str):
    """The id of a feed, for example of `emit(recipients=[Feed("team", team.pk)])`.

    A key that Stream would reject, such as an email, is made safe, as it is in templates.

    Args:
        group: the feed group, for example `user`.
        key: the key within the group, for example a primary key.

    Raises:
        ValueError: the group is not valid.
    """

    __slots__ = ()

    def __new__(cls, group: str, key: object) -> Self:
        """Return the feed of a group and a key."""
        if key is None or isinstance(key, Model):
            raise ValueError(f"The key of a feed is a primary key, not {key!r}.")
        return super().__new__(cls, FeedId.of(group, key))

    @property
    def group(self) -> str:
        """The feed group."""
        return self.partition(":")[0]

    @property
    def key(self) -> str:
        """The key within the group, as Stream has it."""
        return self.partition(":")[2]


def feed_of(instance: Model, group: str = "") -> Feed:
    """Return the feed of a user or another object.

    Args:
        instance: a saved model instance.
        group: the feed group; by default `user` for a user, else the name of the model.

    Raises:
        ValueError: it has no primary key.
    """
    if instance.pk is None:
        raise ValueError(f"{instance!r} has no feed: it is not saved.")
    return Feed(group or _group_of(instance), instance.pk)


def recipient(entry: Any) -> str:
    """Return the feed id of what an action has emitted as a recipient.

    Args:
        entry: a `Feed`, a model instance, or a string such as `team:7`, of which the key is made
            safe.

    Raises:
        ValueError: it is something else, or names no feed.
    """
    if isinstance(entry, Feed | FeedId):
        return str(entry)
    if isinstance(entry, Model):
        return str(feed_of(entry))
    group, _, key = entry.partition(":") if isinstance(entry, str) else ("", "", "")
    if not (group and key) or key == "None":
        raise ValueError(
            f"{entry!r} is not a feed; expected a user or another saved object, 'group:key', or "
            "Feed(group, key)."
        )
    return str(FeedId.of(group, key))


def _group_of(instance: Model) -> str:
    if isinstance(instance, get_user_model()):
        return USER_GROUP
    return safe_slug(str(instance._meta.model_name))
