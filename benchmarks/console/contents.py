"""Fill the database as thirty busy days would have done."""

from __future__ import annotations

from django.db import connection
from django.db.backends.utils import CursorWrapper

from benchmarks.options import Progress

CHUNK_SIZE = 250_000
"""Events created by one statement."""

DAYS = 30

EVENTS = """
    INSERT INTO dj_actions_actionevent
        (id, resource, action, object_id, object_ids, actor_id, actor_label, request_data,
         response_data, status_code, duration_ms, summary, created_at, idempotency_key)
    SELECT
        (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0') || '7'
            || lpad(to_hex(n %% 4096), 3, '0') || 'a' || substr(md5(n::text), 1, 15))::uuid,
        CASE WHEN n %% 20 = 0 THEN 'list' ELSE 'todo' END,
        (ARRAY['mark_done', 'mark_done', 'assign', 'comment', 'archive'])[1 + n %% 5],
        CASE WHEN n %% 97 <> 0 THEN (n %% 50000)::text END,
        CASE WHEN n %% 97 <> 0 THEN jsonb_build_array((n %% 50000)::text)
             ELSE jsonb_build_array(n::text, (n + 1)::text, (n + 2)::text) END,
        (n %% 211)::text, 'user' || n %% 211,
        jsonb_build_object('note', repeat('Done as agreed. ', 8)),
        jsonb_build_object('id', n, 'title', 'Buy milk', 'done', true),
        CASE WHEN n %% 101 = 0 THEN 500 ELSE 200 END, 4.2, 'user finished todo ' || n, moment,
        CASE WHEN n %% 50 = 0 THEN 'key-' || n END
    FROM generate_series(%(first)s, %(last)s) AS n
    CROSS JOIN LATERAL (
        SELECT now() - (%(count)s - n) * (interval '1 day' * %(days)s / %(count)s) AS moment
    ) AS recorded
"""
"""Ids and times increase together, as those of real events do."""

DELIVERIES = """
    INSERT INTO dj_actions_delivery
        (event_id, publisher, options, state, attempts, queued_at, available_at, first_sent_at,
         sent_at, sending_seconds, sample_weight, settled_at, errors, relay, receipt_id,
         receipt_scope, remote_state, remote_check_at, remote_ended_at)
    SELECT id, publisher, '{}', state, CASE WHEN state = 'pending' AND n %% 4 > 0 THEN 0 ELSE 1 END,
        created_at, created_at,
        CASE WHEN state = 'delivered' THEN created_at + interval '20 ms' END,
        CASE WHEN state = 'delivered' THEN created_at + interval '20 ms' END,
        CASE WHEN state = 'delivered' THEN 0.01 + n %% 100 * 0.001 END,
        CASE WHEN state = 'delivered' THEN 1 END,
        CASE WHEN state <> 'pending' THEN created_at + interval '150 ms' END,
        CASE WHEN state = 'dead' THEN jsonb_build_array(jsonb_build_object(
            'at', created_at, 'attempt', 1, 'kind', 'rejected', 'status', 422,
            'message', 'todo ' || n || ' has no property ' || (n %% 7) || repeat(' and more', 20)))
            ELSE '[]' END,
        'web-1:4711',
        CASE WHEN state <> 'delivered' THEN '' WHEN publisher = 'pipelines'
             THEN 'dja__' || id ELSE activity END,
        CASE WHEN state = 'delivered' AND publisher = 'pipelines'
             THEN (ARRAY['report', 'report', 'report', 'nightly'])[1 + n %% 4] ELSE '' END,
        remote_state,
        CASE WHEN remote_state = 'running' THEN now() END,
        CASE WHEN remote_state IN ('succeeded', 'failed') THEN created_at + interval '40 s' END
    FROM (
        SELECT event.id, event.created_at, publisher, number AS n, state, activity,
            CASE WHEN publisher <> 'pipelines' OR state <> 'delivered' THEN 'untracked'
                 WHEN number > %(count)s - 500 THEN 'running'
                 WHEN number %% 127 = 0 THEN 'failed' ELSE 'succeeded' END AS remote_state
        FROM (
            SELECT id, created_at, row_number() OVER (ORDER BY id) + %(first)s - 1 AS number
            FROM dj_actions_actionevent ORDER BY id OFFSET %(offset)s LIMIT %(chunk)s
        ) AS event
        CROSS JOIN (VALUES ('feeds'), ('pipelines')) AS known (publisher)
        CROSS JOIN LATERAL (SELECT CASE
            WHEN number > %(count)s - 1500 AND publisher = 'feeds' THEN 'pending'
            WHEN number %% 401 = 0 AND publisher = 'feeds' THEN 'dead'
            ELSE 'delivered' END AS state) AS decided
        CROSS JOIN LATERAL (
            SELECT lpad(to_hex(
                (extract(epoch FROM created_at) * 1000000)::bigint * 10 + 122192928000000000
            ), 15, '0') AS ticks
        ) AS clock
        CROSS JOIN LATERAL (
            SELECT right(ticks, 8) || '-' || substr(ticks, 4, 4) || '-1' || left(ticks, 3)
                || '-8080-80' || substr(md5(number::text), 1, 10) AS activity
        ) AS named
    ) AS made
    ORDER BY n, publisher
"""
"""Two of each event. An activity has the time of its event in its id, as those of Stream do."""

RARE = """
    INSERT INTO dj_actions_delivery
        (event_id, publisher, options, state, attempts, settled_at, receipt_id)
    SELECT id, 'rare', '{}', 'delivered', 1, created_at, '1'
    FROM (SELECT id, created_at FROM dj_actions_actionevent ORDER BY id LIMIT 100) AS oldest
"""

COUNTS = """
    INSERT INTO dj_actions_deliverycount (publisher, period, delivered, failed)
    SELECT publisher, extract(epoch FROM now())::bigint / 1800 - age, 600 + age * 7, age
    FROM generate_series(0, 671) AS age
    CROSS JOIN (VALUES ('feeds'), ('pipelines')) AS known (publisher)
"""

RELAYS = """
    INSERT INTO dj_actions_relayheartbeat (id, host, pid, publishers)
    SELECT gen_random_uuid(), 'web', n, '["feeds", "pipelines"]' FROM generate_series(1, 3) AS n
"""


def fill(events: int, progress: Progress) -> None:
    """Create events, two deliveries of each, and what relays have counted."""
    with connection.cursor() as cursor:
        for start in range(0, events, CHUNK_SIZE):
            last = min(start + CHUNK_SIZE, events)
            progress(f"Recording {last:,} of {events:,} events")
            load(cursor, first=start + 1, last=last, of=events)
        progress("Vacuuming")
        cursor.execute("VACUUM ANALYZE")


def load(cursor: CursorWrapper, *, first: int, last: int, of: int) -> None:
    """Create some of the events and their deliveries; after the last ones, everything else.

    Args:
        cursor: executes the statements.
        first: number of the first of these events.
        last: number of the last of them.
        of: number of all events.
    """
    numbers = {"first": first, "last": last, "count": of, "days": DAYS}
    cursor.execute(EVENTS, numbers)
    if first == 1:
        cursor.execute(RARE)
    cursor.execute(DELIVERIES, {**numbers, "offset": first - 1, "chunk": last - first + 1})
    if last == of:
        for statement in (COUNTS, RELAYS):
            cursor.execute(statement)
