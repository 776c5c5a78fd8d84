"""Deliveries to a publisher of feeds, and what became of them."""

from __future__ import annotations

import psycopg
from django.db import connection

from benchmarks.drain.candidates import ROWS, UUID7
from benchmarks.errors import BenchmarkError

ACTORS = 10
"""Users whose feeds get the activities. Activities of one feed are added together."""

LOAD = f"""
    WITH events AS (
        INSERT INTO dj_actions_actionevent
            (id, resource, action, object_id, object_ids, actor_id, actor_label,
             request_data, response_data, duration_ms, summary)
        SELECT {UUID7}, 'todo', 'mark_done', n::text, jsonb_build_array(n::text),
            mod(n, %(actors)s)::text, 'ann', jsonb_build_object('note', 'Done as agreed.'),
            jsonb_build_object('id', n, 'done', true), 1.5, 'ann finished todo ' || n
        FROM {ROWS} RETURNING id, object_id
    )
    INSERT INTO dj_actions_delivery (event_id, publisher, options)
    SELECT id, %(alias)s, jsonb_build_object('object_label', 'Todo number ' || object_id)
    FROM events ORDER BY object_id::int
"""  # noqa: S608 - built from constants


def load(alias: str, count: int) -> None:
    """Create deliveries of events of a few users."""
    with connection.cursor() as cursor:
        cursor.execute(LOAD, {"alias": alias, "count": count, "actors": ACTORS})
        cursor.execute("ANALYZE dj_actions_actionevent, dj_actions_delivery")


def verify(feeds_url: str, expected: int) -> None:
    """Compare the activities in the feeds with the deliveries.

    Args:
        feeds_url: URL of the feeds server's database.
        expected: how many activities there should be.

    Raises:
        BenchmarkError: a delivery is not delivered, or has not exactly one activity.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM dj_actions_delivery WHERE state = 'delivered'")
        (delivered,) = cursor.fetchone()
    with psycopg.connect(feeds_url) as server:
        row = server.execute(
            "SELECT count(*), count(DISTINCT foreign_id) FROM feeds_server_activity"
        ).fetchone()
    found = (delivered, *(row or ()))
    if set(found) != {expected}:
        raise BenchmarkError(
            f"{expected} deliveries became {found[0]} delivered ones and {found[1:]} activities."
        )
