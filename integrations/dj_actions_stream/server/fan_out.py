"""Copy entries between feeds and their followers, one level deep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from django.db import router, transaction

from dj_actions_stream.server import locks
from dj_actions_stream.server.feeds import FeedId
from dj_actions_stream.server.models import FeedEntry, Follow
from dj_actions_stream.server.querysets import BATCH_SIZE

# As documented: only so many of a feed's newest activities can be read.
MAX_READABLE = 1000


def copy_to_followers(entries: Sequence[FeedEntry]) -> None:
    """Copy entries that were added to feeds to the followers of these feeds.

    The followers' own followers get nothing. The copies are inserted in batches, so that a feed
    with any number of followers does not fill the memory.
    """
    FeedEntry.objects.insert_missing(_copies(entries))


def copy_newest(follower: FeedId, target: FeedId, *, limit: int) -> None:
    """Copy the newest activities of a feed to a new follower.

    Only the feed's newest `MAX_READABLE` entries are searched for such that are its own, so the
    work does not grow with the feed.
    """
    with transaction.atomic(using=router.db_for_write(FeedEntry)):
        locks.follow(str(target))
        newest = FeedEntry.objects.in_feed(target).newest_first()[:MAX_READABLE]
        own = [entry for entry in newest if not entry.origin][:limit]
        FeedEntry.objects.insert_missing(_copy(entry, to=str(follower)) for entry in own)


def _copies(entries: Sequence[FeedEntry]) -> Iterator[FeedEntry]:
    by_feed = defaultdict(list)
    for entry in entries:
        by_feed[entry.feed].append(entry)
    follows = Follow.objects.filter(target__in=by_feed).values_list("target", "follower")
    for target, follower in follows.iterator(chunk_size=BATCH_SIZE):
        for entry in by_feed[target]:
            yield _copy(entry, to=follower)


def _copy(entry: FeedEntry, *, to: str) -> FeedEntry:
    return FeedEntry(
        activity_id=entry.activity_id,
        time=entry.time,
        feed=to,
        source=entry.source,
        origin=entry.feed,
    )
