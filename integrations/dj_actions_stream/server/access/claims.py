"""The feed that a server's token is for.

Stream's clients join the group and the id of a feed with nothing between them. The claim `user11`
is that of `user:11`, and also that of `user1:1` where there is a group `user1`.
"""

from __future__ import annotations

from collections.abc import Iterator

from dj_actions_stream.server.feed_groups.groups import configured_groups
from dj_actions_stream.server.parsing.feed_ids import USER_ID, FeedId


def feed_of_claim(claim: str) -> FeedId | None:
    """Return the feed that a claim `feed_id` is for, or None if it is for none, or for any of two.

    Of the groups that the claim begins with, the one with the longest name counts: `todos5` is
    `todos:5`, although there is a group `todo`. If the id would be a number in a shorter group, as
    the ids of most feeds are, both are as likely, and the token is for neither.
    """
    readings = sorted(_readings(claim), key=_length_of_group)
    if not readings:
        return None
    *others, longest = readings
    return None if any(other.user_id.isdecimal() for other in others) else longest


def misreading_of(feed: FeedId) -> str:
    """Return a sentence on what the claim of a feed is read as, or "" if it is that feed."""
    read = feed_of_claim(feed.claim)
    if read == feed:
        return ""
    others = " or ".join(str(other) for other in _readings(feed.claim) if other != feed)
    return (
        f"The claim {feed.claim!r} may be that of {others}, too: rename one of the feed groups, or "
        "use a token for all feeds."
    )


def _readings(claim: str) -> Iterator[FeedId]:
    for slug in configured_groups():
        user_id = claim.removeprefix(slug)
        if claim.startswith(slug) and USER_ID.fullmatch(user_id):
            yield FeedId(slug=slug, user_id=user_id)


def _length_of_group(feed: FeedId) -> int:
    return len(feed.slug)
