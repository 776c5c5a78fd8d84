"""Keep a follow and the additions to the followed feed apart.

A new follower gets what was added before as a copy, and what is added later by fan-out. An
addition that has read the followers but is not committed yet would be lost between the two. SQLite
runs writing transactions one after the other, so it needs no locks.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from django.db import connections, router

from dj_actions_stream.server.models import FeedEntry

# PostgreSQL keeps advisory locks in memory of a fixed size, so feeds share a few of them.
_BUCKETS = 64
_NAMESPACE = zlib.crc32(b"feeds_server") & 0x7FFF_FFFF


def add_to(feeds: Iterable[str]) -> None:
    """Let follows of the feeds wait until this transaction ends."""
    _lock("pg_advisory_xact_lock_shared", feeds)


def follow(feed: str) -> None:
    """Wait for transactions that add to the feed, and let others wait until this one ends."""
    _lock("pg_advisory_xact_lock", [feed])


def _lock(function: str, feeds: Iterable[str]) -> None:
    connection = connections[router.db_for_write(FeedEntry)]
    if connection.vendor != "postgresql":
        return
    # In one order, so that two transactions do not wait for each other.
    buckets = sorted({zlib.crc32(feed.encode()) % _BUCKETS for feed in feeds})
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {function}(%s, bucket) FROM unnest(%s::int[]) AS bucket",  # noqa: S608
            [_NAMESPACE, buckets],
        )
