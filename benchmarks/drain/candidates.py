"""The candidates, as SQL: how to create a backlog, and how to count its jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PAYLOAD = """jsonb_build_object(
    'todo', n, 'title', 'Todo number ' || n, 'note', repeat('Done as agreed. ', 11),
    'owner', mod(n, 1000), 'tags', jsonb_build_array('home', 'garden'), 'done', true)"""
"""About 300 bytes of JSON, the payload of every job of every candidate."""

ROWS = "generate_series(1, %(count)s) AS n"

# Time-ordered ids, like those of DJ Actions.
UUID7 = """(
    lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - %(count)s + n), 12, '0')
    || '7' || substr(md5(random()::text), 1, 3)
    || 'a' || substr(md5(random()::text), 1, 15))::uuid"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A system that stores and drains a backlog."""

    name: str
    """A key of `benchmarks.drain.drainers.DRAINERS`."""

    title: str
    tables: Sequence[str]
    """Tables of the backlog."""

    load: str
    """SQL that creates `count` jobs."""

    finished: str
    """SQL that counts jobs that were done exactly once, according to their rows."""

    pending: str
    """SQL that counts jobs that have not been started."""

    settle: str = ""
    """SQL that creates `count` finished jobs."""

    neighbors: str = ""
    """SQL that creates `count` jobs of another publisher, which are not counted."""

    parked: str = ""
    """SQL that creates `count` dead jobs, each with a due one that waits for it; not counted."""

    waiting: str = ""
    """SQL that creates `count` jobs to be retried later, each with a due one that waits for it;
    not counted."""

    prepare: str = ""
    """SQL that creates the tables, unless Django's migrations do."""

    lanes: str = "lanes"
    """Its own word for `Variant.lanes`."""

    settings: str = "benchmarks.drain.settings"
    """The Django settings of its processes."""

    project: Path | None = None
    """Folder of a uv project in whose environment its processes run; by default they run in the
    environment of the benchmarks. Its migrations create the tables."""

    packages: Sequence[str] = ()
    """Packages of that environment whose versions are reported."""


LIMIT = Candidate(
    name="limit",
    title="the limit: bare psycopg, batches of 100",
    tables=["bare_backlog"],
    prepare="""
        CREATE TABLE bare_backlog (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            state text NOT NULL DEFAULT 'pending',
            payload jsonb NOT NULL
        );
        CREATE INDEX bare_backlog_pending ON bare_backlog (id) WHERE state = 'pending'
    """,
    load=f"INSERT INTO bare_backlog (payload) SELECT {PAYLOAD} FROM {ROWS}",
    finished="SELECT count(*) FROM bare_backlog WHERE state = 'finished'",
    pending="SELECT count(*) FROM bare_backlog WHERE state = 'pending'",
)

EVENTS = f"""
    WITH events AS (
        INSERT INTO dj_actions_actionevent
            (id, resource, action, object_id, object_ids, actor_id, actor_label,
             request_data, response_data, duration_ms, summary)
        SELECT {UUID7}, 'todo', 'mark_done', n::text, jsonb_build_array(n::text),
            mod(n, 1000)::text, 'ann', jsonb_build_object('note', 'Done as agreed.'),
            {PAYLOAD}, 1.5, 'ann finished todo ' || n
        FROM {ROWS} RETURNING id, object_id
    )"""
"""A common table expression that creates `count` events, numbered by their `object_id`."""


def _blocked_lines(first: str) -> str:
    """Return SQL that creates `count` jobs in lines of two, of which the first blocks the second.

    The second ones are due, and the first in the queue.

    Args:
        first: state, attempts, available_at and settled_at of the first ones.
    """
    return f"""{EVENTS}
        INSERT INTO dj_actions_delivery (event_id, publisher, ordering_scope, ordering_key,
            state, attempts, available_at, settled_at)
        SELECT id, 'noop', 'todos.todo', 'blocked ' || (number + 1) / 2,
            state, attempts, available_at, settled_at
        FROM (SELECT id, object_id::int AS number FROM events) AS numbered
        JOIN (VALUES (1, {first}), (0, 'pending', 0, now() - interval '1 day', NULL::timestamptz))
            AS place (remainder, state, attempts, available_at, settled_at)
            ON remainder = number %% 2
        ORDER BY number
    """


DJ_ACTIONS = Candidate(
    name="dj_actions",
    title="DJ Actions",
    tables=["dj_actions_actionevent", "dj_actions_delivery"],
    load=f"""{EVENTS}
        INSERT INTO dj_actions_delivery
            (event_id, publisher, options, available_at, ordering_scope, ordering_key)
        SELECT id, 'noop', '{{}}', now() - (%(count)s - object_id::int) * interval '1 ms',
            CASE WHEN %(keys)s > 0 THEN 'todos.todo' ELSE '' END,
            CASE WHEN %(keys)s > 0 THEN (object_id::int %% greatest(%(keys)s, 1))::text ELSE '' END
        FROM events ORDER BY object_id::int
    """,
    settle=f"""{EVENTS}
        INSERT INTO dj_actions_delivery
            (event_id, publisher, state, attempts, settled_at, receipt_id)
        SELECT id, 'noop', 'delivered', 1, now(), id::text FROM events
    """,
    neighbors=f"""{EVENTS}
        INSERT INTO dj_actions_delivery (event_id, publisher) SELECT id, 'sleeping' FROM events
    """,
    parked=_blocked_lines("'dead', 1, now(), now()"),
    waiting=_blocked_lines("'pending', 1, now() + interval '1 day', NULL::timestamptz"),
    finished="""
        SELECT count(*) FROM dj_actions_delivery
        WHERE publisher = 'noop' AND state = 'delivered' AND attempts = 1
            AND receipt_id = event_id::text
    """,
    pending="""
        SELECT count(*) FROM dj_actions_delivery
        WHERE publisher = 'noop' AND state = 'pending' AND attempts = 0
            AND NOT starts_with(ordering_key, 'blocked')
    """,
)

PROCRASTINATE = Candidate(
    name="procrastinate",
    title="procrastinate: async worker, concurrency 10",
    tables=["procrastinate_jobs", "procrastinate_events"],
    load=f"""
        INSERT INTO procrastinate_jobs (queue_name, task_name, args)
        SELECT 'default', 'noop', {PAYLOAD} FROM {ROWS}
    """,
    finished="""
        SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded' AND attempts = 1
    """,
    pending="SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'",
)

DJANGO_TASKS = Candidate(
    name="django_tasks",
    title="django-tasks-db: db_worker --batch",
    tables=["django_tasks_database_dbtaskresult"],
    # It stores "now" as the year 9999.
    load=f"""
        INSERT INTO django_tasks_database_dbtaskresult
            (id, status, enqueued_at, args_kwargs, priority, task_path, worker_ids, queue_name,
             backend_name, run_after, exception_class_path, traceback)
        SELECT gen_random_uuid(), 'READY', now(),
            jsonb_build_object('args', jsonb_build_array({PAYLOAD}), 'kwargs', '{{}}'::jsonb), 0,
            'benchmarks.drain.tasks.noop_for_django_tasks', '[]', 'default', 'default',
            '9999-01-01 00:00:00+00', '', ''
        FROM {ROWS}
    """,
    finished="""
        SELECT count(*) FROM django_tasks_database_dbtaskresult
        WHERE status = 'SUCCESSFUL' AND jsonb_array_length(worker_ids) = 1
    """,
    pending="SELECT count(*) FROM django_tasks_database_dbtaskresult WHERE status = 'READY'",
)

RELIABLE_OUTBOX = Candidate(
    name="reliable_outbox",
    title="django-reliable-outbox",
    tables=["reliable_outbox_outboxmessage"],
    lanes="threads",
    load=f"""
        INSERT INTO reliable_outbox_outboxmessage
            (message_id, kind, name, payload, headers, key, destination, status, attempts,
             max_attempts, backoff, locked_by, last_error, last_traceback)
        SELECT gen_random_uuid(), 'event', 'todo.done', {PAYLOAD}, '{{}}',
            CASE WHEN %(keys)s > 0 THEN (n %% greatest(%(keys)s, 1))::text END,
            'default', 'pending', 0, 10, 'exponential', '', '', ''
        FROM {ROWS}
    """,
    finished="""
        SELECT count(*) FROM reliable_outbox_outboxmessage
        WHERE status = 'delivered' AND attempts = 1
    """,
    pending="""
        SELECT count(*) FROM reliable_outbox_outboxmessage
        WHERE status = 'pending' AND attempts = 0 AND locked_until IS NULL
    """,
    settings="benchmarks.drain.reliable_outbox.settings",
    project=Path(__file__).parent / "reliable_outbox",
    packages=["django-reliable-outbox", "Django", "psycopg"],
)

CANDIDATES = (LIMIT, DJ_ACTIONS, RELIABLE_OUTBOX, PROCRASTINATE, DJANGO_TASKS)
