"""Tokens with which a browser reads feeds from Stream directly, without the API secret."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import jwt

from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.feeds.access import readable_feed, rule_of
from dj_actions_stream.feeds.conf import get_feed_settings
from dj_actions_stream.feeds.connection import feeds_client
from dj_actions_stream.feeds.errors import FeedForbidden
from dj_actions_stream.feeds.rules import owner
from dj_actions_stream.feeds.users import feed_user_id

if TYPE_CHECKING:
    from dj_actions_stream.feeds.users import Viewer


def user_token(viewer: Viewer) -> str:
    """Return a token that stands for a user, for the JavaScript client.

    Stream's own policies decide what it may do, not the rules of `DJ_ACTIONS_FEEDS`: read and
    write the user's own feeds, and read others' `user` feeds.

    Args:
        viewer: the user.

    Raises:
        FeedForbidden: the user is not logged in.
        FeedUnavailable: the publisher's OPTIONS cannot be used.
    """
    if not viewer.is_authenticated:
        raise FeedForbidden("A token stands for a user. Log in first.")
    token: str = feeds_client().create_user_token(feed_user_id(viewer), exp=_expiry())
    return token


def feed_token(feed: FeedId | str, *, viewer: Viewer) -> str:
    """Return a token that can read one feed, and do nothing else.

    Args:
        feed: a feed that the user may read.
        viewer: the user.

    Raises:
        FeedForbidden: the user may not read the feed, or another feed that the token would open:
            Stream's tokens do not separate the group from the id, so one for `user:11` also opens
            `user1:1`.
        FeedNotFound: there is no such feed group.
        FeedUnavailable: the publisher's OPTIONS cannot be used.
    """
    found = readable_feed(feed, viewer)
    _refuse_ambiguous_id(found, viewer)
    for other in _with_same_claim(found):
        if not rule_of(other.slug)(viewer, other):
            raise FeedForbidden(
                f"A token for the feed {found} would also open {other}, which you may not read."
            )
    claims = {"resource": "*", "action": "read", "feed_id": f"{found.slug}{found.id}"}
    secret = feeds_client().api_secret
    return jwt.encode({**claims, "exp": _expiry()}, secret, algorithm="HS256")


def _refuse_ambiguous_id(feed: FeedId, viewer: Viewer) -> None:
    """Refuse an id that a reader could choose so that the token opens a group without a rule.

    The feed `user:_private7` has the claim of `user_private:7`.
    """
    if not (feed.id[0].isdigit() or owner(viewer, feed)):
        raise FeedForbidden(
            f"There is no token for {feed}: its id does not begin with a digit, so the token could "
            "open a feed of another group. Read it through this site."
        )


def _with_same_claim(feed: FeedId) -> list[FeedId]:
    """Return the other feeds, of groups with a rule, that a token for a feed would open."""
    claim = f"{feed.slug}{feed.id}"
    return [
        FeedId(slug, claim.removeprefix(slug))
        for slug in get_feed_settings().groups
        if claim.startswith(slug) and len(slug) < len(claim) and slug != feed.slug
    ]


def _expiry() -> int:
    moment = datetime.now(UTC) + timedelta(seconds=get_feed_settings().token_lifetime)
    return int(moment.timestamp())
