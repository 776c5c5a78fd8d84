"""Follow feeds, unfollow them, and count and list follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import router, transaction

from dj_actions_stream.server.errors import FeedConfigError, InputError
from dj_actions_stream.server.fan_out import copy_newest
from dj_actions_stream.server.feeds import FeedId
from dj_actions_stream.server.identity import render_utc
from dj_actions_stream.server.models import FeedEntry, Follow

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


def follow(relation: Relation, *, copies: int = DEFAULT_COPIES) -> None:
    """Follow a feed and copy its newest activities. It has no effect on an existing follow.

    Args:
        relation: who follows whom.
        copies: how many activities are copied.

    Raises:
        FeedConfigError: the feed to follow is not flat.
    """
    if not relation.target.group.is_flat:
        raise FeedConfigError(
            f"Only flat feeds can be followed; {relation.target} is {relation.target.group.type}."
        )
    with transaction.atomic(using=router.db_for_write(Follow)):
        _, is_new = Follow.objects.get_or_create(
            follower=str(relation.follower), target=str(relation.target)
        )
    # In a second transaction: whoever adds an activity after the first one sees the follow.
    if is_new:
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
            copies = FeedEntry.objects.copied_to(relation.follower, origin=relation.target)
            copies.delete()


def render_follow(follow: Follow) -> dict[str, Any]:
    """Return the follow as Stream sends it."""
    return {
        "feed_id": follow.follower,
        "target_id": follow.target,
        "created_at": render_utc(follow.created_at),
        "updated_at": render_utc(follow.updated_at),
    }
