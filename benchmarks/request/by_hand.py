"""A minimal outbox: two tables, two statements, no model, and no index but the keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.db import connection
from psycopg.types.json import Jsonb

from example.todos.models import Todo

TABLES = """
CREATE TABLE by_hand_event (
    id uuid PRIMARY KEY,
    action text NOT NULL,
    object_id text NOT NULL,
    actor_id text NOT NULL,
    data jsonb NOT NULL,
    result jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE by_hand_delivery (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL REFERENCES by_hand_event,
    publisher text NOT NULL,
    state text NOT NULL DEFAULT 'pending'
);
"""
EVENT = """
INSERT INTO by_hand_event (id, action, object_id, actor_id, data, result)
VALUES (%s, 'todo.mark_done', %s, %s, %s, %s)
"""
DELIVERIES = """
INSERT INTO by_hand_delivery (event_id, publisher) VALUES (%s, 'feeds'), (%s, 'pipelines')
"""


def create_tables() -> None:
    """Create the two tables."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)


def record_by_hand(
    todo: Todo, actor: Any, *, data: Mapping[str, Any], result: Mapping[str, Any]
) -> None:
    """Insert one event and its two deliveries."""
    event = uuid4()
    with connection.cursor() as cursor:
        values: list[Any] = [event, todo.pk, actor.pk, Jsonb(data), Jsonb(result)]
        cursor.execute(EVENT, values)
        cursor.execute(DELIVERIES, [event, event])


def count_rows(table: str) -> int:
    """Return the number of rows of one of the tables."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - one of our two names
        (count,) = cursor.fetchone()
        return int(count)
