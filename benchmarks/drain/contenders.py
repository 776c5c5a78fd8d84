"""Who takes part, as SQL: how a backlog is made, and what must have become of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PAYLOAD = """jsonb_build_object(
    'todo', n, 'title', 'Todo number ' || n, 'note', repeat('Done as agreed. ', 11),
    'owner', mod(n, 1000), 'tags', jsonb_build_array('home', 'garden'), 'done', true)"""
"""About 300 bytes of JSON, which each job of each contender carries."""

ROWS = "generate_series(1, %(count)s) AS n"

# Ids that grow with time, as DJ Actions gives them.
UUID7 = """(
    lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - %(count)s + n), 12, '0')
    || '7' || substr(md5(random()::text), 1, 3)
    || 'a' || substr(md5(random()::text), 1, 15))::uuid"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One way to keep and empty a backlog."""

    name: str
    """A key of `benchmarks.drain.drainers.DRAINERS`."""

    title: str
    tables: Sequence[str]
    """Those that hold its backlog."""

    load: str
    """Adds `count` jobs."""

    finished: str
    """Counts jobs that were done exactly once, as far as their row tells."""

    untouched: str
    """Counts jobs that nobody has begun."""

    settle: str = ""
    """Adds `count` jobs that are done already."""

    neighbours: str = ""
    """Adds `count` jobs for others, which nobody counts."""

    prepare: str = ""
    """Makes its tables, if Django's migrations have not."""


LIMIT = Contender(
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
    untouched="SELECT count(*) FROM bare_backlog WHERE state = 'pending'",
)

_EVENTS = f"""
    WITH events AS (
        INSERT INTO dj_actions_actionevent
            (id, resource, action, object_id, object_ids, actor_id, actor_label,
             request_data, response_data, duration_ms, summary)
        SELECT {UUID7}, 'todo', 'mark_done', n::text, jsonb_build_array(n::text),
            mod(n, 1000)::text, 'ann', jsonb_build_object('note', 'Done as agreed.'),
            {PAYLOAD}, 1.5, 'ann finished todo ' || n
        FROM {ROWS} RETURNING id, object_id
    )"""
DJ_ACTIONS = Contender(
    name="dj_actions",
    title="DJ Actions",
    tables=["dj_actions_actionevent", "dj_actions_delivery"],
    load=f"""{_EVENTS}
        INSERT INTO dj_actions_delivery (event_id, publisher, available_at)
        SELECT id, 'nothing', now() - (%(count)s - object_id::int) * interval '1 ms' FROM events
    """,
    settle=f"""{_EVENTS}
        INSERT INTO dj_actions_delivery
            (event_id, publisher, state, attempts, settled_at, receipt_id)
        SELECT id, 'nothing', 'delivered', 1, now(), id::text FROM events
    """,
    neighbours=f"""{_EVENTS}
        INSERT INTO dj_actions_delivery (event_id, publisher) SELECT id, 'sleeping' FROM events
    """,
    finished="""
        SELECT count(*) FROM dj_actions_delivery
        WHERE publisher = 'nothing' AND state = 'delivered' AND attempts = 1
            AND receipt_id = event_id::text
    """,
    untouched="""
        SELECT count(*) FROM dj_actions_delivery
        WHERE publisher = 'nothing' AND state = 'pending' AND attempts = 0
    """,
)

PROCRASTINATE = Contender(
    name="procrastinate",
    title="procrastinate: async worker, concurrency 10",
    tables=["procrastinate_jobs", "procrastinate_events"],
    load=f"""
        INSERT INTO procrastinate_jobs (queue_name, task_name, args)
        SELECT 'default', 'nothing', {PAYLOAD} FROM {ROWS}
    """,
    finished="""
        SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded' AND attempts = 1
    """,
    untouched="SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'",
)

DJANGO_TASKS = Contender(
    name="django_tasks",
    title="django-tasks-db: db_worker --batch",
    tables=["django_tasks_database_dbtaskresult"],
    # The year 9999 is how it says "at once".
    load=f"""
        INSERT INTO django_tasks_database_dbtaskresult
            (id, status, enqueued_at, args_kwargs, priority, task_path, worker_ids, queue_name,
             backend_name, run_after, exception_class_path, traceback)
        SELECT gen_random_uuid(), 'READY', now(),
            jsonb_build_object('args', jsonb_build_array({PAYLOAD}), 'kwargs', '{{}}'::jsonb), 0,
            'benchmarks.drain.tasks.nothing_for_django_tasks', '[]', 'default', 'default',
            '9999-01-01 00:00:00+00', '', ''
        FROM {ROWS}
    """,
    finished="""
        SELECT count(*) FROM django_tasks_database_dbtaskresult
        WHERE status = 'SUCCESSFUL' AND jsonb_array_length(worker_ids) = 1
    """,
    untouched="SELECT count(*) FROM django_tasks_database_dbtaskresult WHERE status = 'READY'",
)

CONTENDERS = (LIMIT, DJ_ACTIONS, PROCRASTINATE, DJANGO_TASKS)
