"""Copy entries between feeds and their followers, one level deep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connections, router, transaction

from dj_actions_stream.server.models import Activity, FeedEntry, Follow
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.querysets import FeedEntryQuerySet
from dj_actions_stream.server.reading.windows import MAX_READABLE
from dj_actions_stream.server.writing import locks


def copy_to_followers(entries: Sequence[FeedEntry]) -> None:
    """Copy entries that were added to feeds to the followers of these feeds.

    The followers' own followers get nothing. The database does it in one statement, so that the
    rows of a feed with very many followers do not pass through this process.
    """
    if not entries:
        return
    added = FeedEntry.objects.filter(
        activity__in={entry.activity_id for entry in entries},
        feed__in={entry.feed for entry in entries},
        source__in={entry.source for entry in entries},
    )
    statement, parameters = _insertion(added.own())
    with connections[router.db_for_write(FeedEntry)].cursor() as cursor:
        cursor.execute(statement, parameters)


def copy_newest(follower: FeedId, target: FeedId, *, limit: int) -> None:
    """Copy the newest activities of a feed to a new follower.

    Only the feed's newest `MAX_READABLE` entries are searched for such that are its own, so the
    work does not grow with the feed.
    """
    with transaction.atomic(using=router.db_for_write(FeedEntry)):
        locks.follow(str(target))
        newest = FeedEntry.objects.in_feed(target).newest_first()[:MAX_READABLE]
        # An activity may have several entries.
        own = dict.fromkeys(entry.activity_id for entry in newest if not entry.origin)
        copied = Activity.objects.filter(pk__in=list(own)[:limit])
        kept = copied.lock_against_removal()
        # Read again: some may have been removed before they were locked.
        entries = FeedEntry.objects.in_feed(target).own().filter(activity__in=kept)
        FeedEntry.objects.insert_missing(_copy(entry, to=str(follower)) for entry in entries)


def delete_copies(follower: FeedId, target: FeedId) -> None:
    """Delete what a follower got from a feed, in the caller's transaction."""
    locks.follow(str(target))
    copies = FeedEntry.objects.copied_to(follower, origin=target)
    # A removal deletes copies, too: two that delete the same rows could wait for each other.
    Activity.objects.filter(pk__in=copies.values("activity")).lock_against_removal()
    copies.delete()


def _insertion(entries: FeedEntryQuerySet) -> tuple[str, tuple[Any, ...]]:
    selected = entries.values("activity_id", "time", "feed", "source").order_by()
    sql, parameters = selected.query.get_compiler(router.db_for_write(FeedEntry)).as_sql()
    # Table names and the compiled query; all values are parameters.
    statement = f"""
        INSERT INTO {FeedEntry._meta.db_table} (activity_id, time, feed, source, origin)
        SELECT added.activity_id, added.time, follow.follower, added.source, added.feed
        FROM ({sql}) AS added
        JOIN {Follow._meta.db_table} AS follow ON follow.target = added.feed
        WHERE true  -- without it, SQLite takes ON for a part of the join
        ON CONFLICT DO NOTHING
    """  # noqa: S608
    return statement, tuple(parameters)


def _copy(entry: FeedEntry, *, to: str) -> FeedEntry:
    return FeedEntry(
        activity_id=entry.activity_id,
        time=entry.time,
        feed=to,
        source=entry.source,
        origin=entry.feed,
    )
