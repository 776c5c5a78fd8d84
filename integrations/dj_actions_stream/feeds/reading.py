"""Read the pages of feeds."""

from __future__ import annotations

import re
from contextlib import nullcontext
from typing import TYPE_CHECKING

from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.feeds.access import readable_feed
from dj_actions_stream.feeds.conf import MAX_PAGE_SIZE, get_feed_settings
from dj_actions_stream.feeds.connection import feeds_client
from dj_actions_stream.feeds.enrichment import enrich
from dj_actions_stream.feeds.errors import InvalidFeedRequest, translate_feed_errors
from dj_actions_stream.feeds.parsing import parse_page
from dj_actions_stream.feeds.values import FeedPage

if TYPE_CHECKING:
    from dj_actions_stream.feeds.users import Viewer

ENTRY_ID = re.compile(r"[A-Za-z0-9._:-]{1,255}", re.ASCII)
"""An id of an activity, which is a UUID, or of a group, which may be something else."""


def read(
    feed: FeedId | str,
    *,
    viewer: Viewer,
    before: str = "",
    at: str = "",
    limit: int | None = None,
    timeout: float | None = None,
) -> FeedPage:
    """Return a page of a feed, newest first, with the objects that its activities refer to.

    Args:
        feed: a feed, or its id such as `user:7` or `notification:me`.
        viewer: the user who reads; the rule of the feed's group decides what they may read.
        before: id of an activity or a group: return the ones that are older. See `FeedPage.next`.
        at: id of an activity or a group: return this one and the ones that are older.
        limit: entries on the page, at most 100; by default `DJ_ACTIONS_FEEDS["PAGE_SIZE"]`.
        timeout: seconds to wait for Stream, if that is less than the publisher's own timeouts.

    Raises:
        FeedForbidden: the viewer may not read the feed.
        FeedNotFound: there is no such feed group.
        FeedUnavailable: Stream cannot be reached.
        InvalidFeedRequest: `before`, `at` or `limit` is invalid, or both positions are given.
    """
    found = readable_feed(feed, viewer)
    count, position = page_limit(limit), _position(before, at)
    client = feeds_client()
    is_bounded = nullcontext() if timeout is None else client.within(timeout)
    with translate_feed_errors(), is_bounded:
        document = client.feed(found.slug, found.id).get(limit=count, **position)
    return enrich(parse_page(found, document), viewer)


def _position(before: str, at: str) -> dict[str, str]:
    """Return the parameters of Stream for the place in a feed where a page starts."""
    if before and at:
        raise InvalidFeedRequest("Set either `before` or `at`.")
    if before:
        return {"id_lt": entry_id(before)}
    return {"id_lte": entry_id(at)} if at else {}


def page_limit(limit: int | None) -> int:
    """Return the number of entries on a page.

    Raises:
        InvalidFeedRequest: it is not a number from 1 to 100.
    """
    if limit is None:
        return get_feed_settings().page_size
    if not 1 <= limit <= MAX_PAGE_SIZE:
        raise InvalidFeedRequest(f"limit must be from 1 to {MAX_PAGE_SIZE}, not {limit}.")
    return limit


def entry_id(text: str) -> str:
    """Return the id of an activity or a group.

    Raises:
        InvalidFeedRequest: it is not one.
    """
    if not ENTRY_ID.fullmatch(text):
        raise InvalidFeedRequest(f"{text!r:.100} is not the id of an activity or a group.")
    return text
