"""Follow feeds, and list who follows whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.feeds.access import own_feed, readable_feed
from dj_actions_stream.feeds.connection import feeds_client
from dj_actions_stream.feeds.errors import (
    FeedUnavailable,
    InvalidFeedRequest,
    translate_feed_errors,
)
from dj_actions_stream.feeds.reading import page_limit
from dj_actions_stream.feeds.users import resolve_feed

if TYPE_CHECKING:
    from dj_actions_stream.feeds.users import Viewer

MAX_OFFSET = 400
"""Stream refuses a higher one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """One feed that follows another."""

    source: FeedId
    """The feed that receives copies."""

    target: FeedId
    """The feed that is followed."""


def follow(
    source: FeedId | str, target: FeedId | str, *, viewer: Viewer, copy_limit: int | None = None
) -> Follow:
    """Let a user's own feed follow another one. Following it already is not an error.

    Args:
        source: the user's feed, for example `timeline:me`.
        target: the feed to follow, which the user has to be allowed to read.
        viewer: the user.
        copy_limit: how many of the target's newest activities are copied; Stream's default is 100.

    Raises:
        FeedForbidden: the source belongs to another user, or the target may not be read.
        FeedNotFound: there is no such feed group.
        FeedUnavailable: Stream cannot be reached.
        InvalidFeedRequest: Stream refuses, for example because the target is not a flat feed.
    """
    entry = _checked(source, target, viewer)
    client = feeds_client()
    with translate_feed_errors():
        followed = client.feed(entry.source.slug, entry.source.id).follow(
            entry.target.slug, entry.target.id, activity_copy_limit=copy_limit
        )
    _require_confirmation(followed)
    return entry


def unfollow(
    source: FeedId | str, target: FeedId | str, *, viewer: Viewer, keep_history: bool = False
) -> Follow:
    """Let a user's own feed stop following another one; see `follow`.

    Args:
        source: the user's feed.
        target: the feed to follow no longer. The user need not be allowed to read it any more.
        viewer: the user.
        keep_history: whether copies of the target's activities remain.
    """
    entry = Follow(source=own_feed(source, viewer), target=resolve_feed(target, viewer))
    client = feeds_client()
    with translate_feed_errors():
        unfollowed = client.feed(entry.source.slug, entry.source.id).unfollow(
            entry.target.slug, entry.target.id, keep_history=keep_history
        )
    _require_confirmation(unfollowed)
    return entry


def following(
    feed: FeedId | str, *, viewer: Viewer, offset: int = 0, limit: int | None = None
) -> tuple[Follow, ...]:
    """Return the feeds that a feed follows, newest first.

    Args:
        feed: the feed, which the user has to be allowed to read.
        viewer: the user.
        offset: number of newer ones to skip, at most 400.
        limit: number to return, at most 100.

    Raises:
        FeedForbidden: the viewer may not read the feed.
        FeedNotFound: there is no such feed group.
        FeedUnavailable: Stream cannot be reached.
        InvalidFeedRequest: `offset` or `limit` is invalid.
    """
    return _list("following", feed, viewer, offset, limit)


def followers(
    feed: FeedId | str, *, viewer: Viewer, offset: int = 0, limit: int | None = None
) -> tuple[Follow, ...]:
    """Return the feeds that follow a feed, newest first; see `following`."""
    return _list("followers", feed, viewer, offset, limit)


def is_following(source: FeedId | str, target: FeedId | str, *, viewer: Viewer) -> bool:
    """Return whether a user's own feed follows another one.

    Raises:
        FeedForbidden: the source belongs to another user.
        FeedNotFound: there is no such feed group.
        FeedUnavailable: Stream cannot be reached.
    """
    entry = Follow(source=own_feed(source, viewer), target=resolve_feed(target, viewer))
    client = feeds_client()
    with translate_feed_errors():
        document = client.feed(entry.source.slug, entry.source.id).following(
            limit=1, feeds=[str(entry.target)]
        )
        return entry in _parse(document)


def _checked(source: FeedId | str, target: FeedId | str, viewer: Viewer) -> Follow:
    entry = Follow(source=own_feed(source, viewer), target=readable_feed(target, viewer))
    if entry.source == entry.target:
        raise InvalidFeedRequest(f"The feed {entry.source} cannot follow itself.")
    return entry


def _require_confirmation(document: Any) -> None:
    """Refuse a response that is not Stream's; the client takes a proxy's JSON for success."""
    if not isinstance(document, dict) or "duration" not in document:
        raise FeedUnavailable(f"Stream: the response confirms nothing: {str(document)[:200]!r}.")


def _list(
    method: str, feed: FeedId | str, viewer: Viewer, offset: int, limit: int | None
) -> tuple[Follow, ...]:
    found = readable_feed(feed, viewer)
    if not 0 <= offset <= MAX_OFFSET:
        raise InvalidFeedRequest(f"offset must be from 0 to {MAX_OFFSET}, not {offset}.")
    count = page_limit(limit)
    client = feeds_client()
    with translate_feed_errors():
        listed = getattr(client.feed(found.slug, found.id), method)
        return _parse(listed(offset=offset, limit=count))


def _parse(document: Any) -> tuple[Follow, ...]:
    try:
        return tuple(
            Follow(source=FeedId.parse(row["feed_id"]), target=FeedId.parse(row["target_id"]))
            for row in document["results"]
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise FeedUnavailable(
            f"Stream: the response is not a list of follows: {str(document)[:200]!r}."
        ) from error
