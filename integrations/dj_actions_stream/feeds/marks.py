"""Mark the groups of a notification feed as seen or read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.feeds.access import own_feed
from dj_actions_stream.feeds.connection import feeds_client
from dj_actions_stream.feeds.errors import InvalidFeedRequest, translate_feed_errors
from dj_actions_stream.feeds.reading import entry_id

if TYPE_CHECKING:
    from dj_actions_stream.feeds.users import Viewer

MAX_MARKED = 100
"""Groups that one request marks by their ids."""


def mark_seen(feed: FeedId | str, *, viewer: Viewer, ids: Sequence[str] = ()) -> None:
    """Mark groups of a user's own notification feed as seen.

    Args:
        feed: the feed, for example `notification:me`.
        viewer: the user, who has to be the owner of the feed.
        ids: of the groups; all groups without ids.

    Raises:
        FeedForbidden: the feed belongs to another user.
        FeedNotFound: there is no such feed group.
        FeedUnavailable: Stream cannot be reached.
        InvalidFeedRequest: an id is invalid, there are more than 100, or the group has no marks.
    """
    _mark("mark_seen", feed, viewer, ids)


def mark_read(feed: FeedId | str, *, viewer: Viewer, ids: Sequence[str] = ()) -> None:
    """Mark groups of a user's own notification feed as read; see `mark_seen`."""
    _mark("mark_read", feed, viewer, ids)


def _mark(mark: str, feed: FeedId | str, viewer: Viewer, ids: Sequence[str]) -> None:
    found = own_feed(feed, viewer)
    if isinstance(ids, str) or len(ids) > MAX_MARKED:
        raise InvalidFeedRequest(f"ids must be a list of at most {MAX_MARKED} ids.")
    marked: Any = [entry_id(text) for text in ids] or True
    client = feeds_client()
    with translate_feed_errors():
        document = client.feed(found.slug, found.id).get(limit=1, **{mark: marked})
    if not isinstance(document, dict) or "unseen" not in document:
        raise InvalidFeedRequest(
            f"The feed {found} has no marks; only feeds of a notification group have."
        )
