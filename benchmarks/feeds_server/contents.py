"""Fill the database of a feeds server, and count what a request has stored in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
from dj_actions_stream.server.identity import id_from_pair

BUSY = "user:busy"
"""The feed that has almost half of all activities."""

OLD = "user:old"
"""The feed whose activities are older than those of all others."""

GROUPED = "aggregated:newest"
"""A feed of groups, with the newest activities of all."""

POPULAR = "user:popular"
"""The feed that has followers."""

START = datetime(2025, 1, 1, tzinfo=UTC)
OLD_SHARE = 0.1
GROUPED_ACTIVITIES = 100
OTHER_FEEDS = 1000

ACTIVITY_COLUMNS = (
    *("id", "foreign_id", "time", "actor", "verb", "object", "target"),
    *('"to"', "custom", "owner"),
)
ENTRY_COLUMNS = ("activity_id", "time", "feed", "source", "origin")

MIDDLE = """
    SELECT activity_id FROM feeds_server_feedentry WHERE feed = %(feed)s ORDER BY time
    OFFSET (SELECT count(*) / 2 FROM feeds_server_feedentry WHERE feed = %(feed)s) LIMIT 1
"""

FOLLOW = """
    INSERT INTO feeds_server_follow (follower, target, created_at, updated_at)
    SELECT 'timeline:' || number, %(target)s, now(), now()
    FROM generate_series(1, %(count)s) AS number
"""


def fill(url: str, activities: int) -> None:
    """Store activities, one second apart, each in one feed."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.cursor()
        columns = ", ".join(ACTIVITY_COLUMNS)
        with cursor.copy(f"COPY feeds_server_activity ({columns}) FROM STDIN") as copy:
            for activity_id, foreign_id, time, feed in _rows(activities):
                texts = ("SU:ann", "finish", foreign_id, "", "[]", '{"note": "as agreed"}', feed)
                copy.write_row((activity_id, foreign_id, time, *texts))
        columns = ", ".join(ENTRY_COLUMNS)
        with cursor.copy(f"COPY feeds_server_feedentry ({columns}) FROM STDIN") as copy:
            for activity_id, _, time, feed in _rows(activities):
                copy.write_row((activity_id, time, feed, feed, ""))
        cursor.execute("VACUUM ANALYZE feeds_server_activity, feeds_server_feedentry")


def add_followers(url: str, count: int) -> None:
    """Let feeds follow the popular one."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(FOLLOW, {"target": POPULAR, "count": count})
        connection.execute("VACUUM ANALYZE feeds_server_follow")


def middle_of(url: str, feed: str) -> str:
    """Return the id of the activity in the middle of a feed."""
    with psycopg.connect(url) as connection:
        row = connection.execute(MIDDLE, {"feed": feed}).fetchone()
    assert row is not None  # noqa: S101 - the feed has been filled
    return str(row[0])


def copies_of(url: str, origin: str) -> Mapping[str, int]:
    """Return how many activities of a feed each of its followers has."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT feed, count(*) FROM feeds_server_feedentry WHERE origin = %s GROUP BY feed",
            [origin],
        ).fetchall()
    return dict(rows)


def _rows(activities: int) -> Iterator[tuple[UUID, str, datetime, str]]:
    """Yield the id, the foreign id, the time and the feed of each activity, oldest first."""
    for number in range(activities):
        foreign_id, time = f"todo:{number}", START + timedelta(seconds=number)
        yield id_from_pair(foreign_id, time), foreign_id, time, _feed_of(number, activities)


def _feed_of(number: int, activities: int) -> str:
    if number < activities * OLD_SHARE:
        return OLD
    if number >= activities - GROUPED_ACTIVITIES:
        return GROUPED
    return BUSY if number % 2 else f"user:{number // 2 % OTHER_FEEDS}"
