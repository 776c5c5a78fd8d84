"""Follow feeds, unfollow them, and count and list follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import router, transaction

from dj_actions_stream.server.identity import render_utc
from dj_actions_stream.server.models import Follow
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.protocol.errors import FeedConfigError, InputError
from dj_actions_stream.server.writing.fan_out import copy_newest, delete_copies

# As documented for activity_copy_limit.
DEFAULT_COPIES = 100
MAX_COPIES = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Relation:
    """A feed, and another one that it follows or unfollows."""

    follower: FeedId
    target: FeedId

    def __post_init__(self) -> None:
        if self.follower == self.target:
            raise InputError.for_fields({"target": ["a feed cannot follow itself"]})

    @property
    def key(self) -> tuple[str, str]:
        """The values of a row."""
        return str(self.follower), str(self.target)


def follow(relations: Sequence[Relation], *, copies: int = DEFAULT_COPIES) -> None:
    """Follow feeds and copy their newest activities. It has no effect on existing follows.

    Args:
        relations: who follows whom.
        copies: how many activities of each feed are copied.

    Raises:
        FeedConfigError: a feed to follow is not flat; then nothing is followed.
    """
    for relation in relations:
        _check_flat(relation.target)
    with transaction.atomic(using=router.db_for_write(Follow)):
        missing = _missing(relations)
        Follow.objects.insert_missing(
            Follow(follower=follower, target=target) for follower, target in missing
        )
    # After the commit: an activity that is added from now on sees the follow.
    for relation in missing.values() if copies else ():
        copy_newest(relation.follower, relation.target, limit=copies)


def unfollow(relation: Relation, *, keep_history: bool = False) -> None:
    """Unfollow a feed, and delete what it copied. It is not an error if it is not followed.

    Args:
        relation: who follows whom.
        keep_history: whether the follower keeps the copies.
    """
    with transaction.atomic(using=router.db_for_write(Follow)):
        followed = Follow.objects.of_follower(relation.follower).of_target(relation.target)
        followed.delete()
        if not keep_history:
            delete_copies(relation.follower, relation.target)


def render_follow(follow: Follow) -> dict[str, Any]:
    """Return the follow as Stream sends it."""
    return {
        "feed_id": follow.follower,
        "target_id": follow.target,
        "created_at": render_utc(follow.created_at),
        "updated_at": render_utc(follow.updated_at),
    }


def _check_flat(feed: FeedId) -> None:
    if not feed.group.is_flat:
        raise FeedConfigError(f"Only flat feeds can be followed; {feed} is {feed.group.type}.")


def _missing(relations: Sequence[Relation]) -> dict[tuple[str, str], Relation]:
    by_key = {relation.key: relation for relation in relations}
    for key in Follow.objects.existing(by_key):
        by_key.pop(key, None)
    return by_key
