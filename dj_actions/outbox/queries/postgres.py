"""Take deliveries from the outbox, and write down in one go that many have arrived.

On PostgreSQL each is one statement for the whole batch, by hand: at thousands of deliveries a
second, model instances and a statement for each row would be what a relay spends its time on.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connections
from django.utils.timezone import get_default_timezone

from dj_actions.messages import Receipt
from dj_actions.outbox.claimed import Claimed, microseconds_of

if TYPE_CHECKING:
    from dj_actions.models import Delivery

COLUMNS = {
    "pk": "claimed.id",
    "publisher": "claimed.publisher",
    "lease_token": "claimed.lease_token",
    "attempts": "claimed.attempts",
    "claimed_microseconds": "(extract(epoch FROM statement_timestamp()) * 1000000)::bigint",
    "queued_microseconds": "(extract(epoch FROM claimed.queued_at) * 1000000)::bigint",
    "available_microseconds": "(extract(epoch FROM claimed.available_at) * 1000000)::bigint",
    "errors": "claimed.errors",
    "ordering_scope": "claimed.ordering_scope",
    "ordering_key": "claimed.ordering_key",
    "event_id": "claimed.event_id",
    "created_microseconds": "(extract(epoch FROM event.created_at) * 1000000)::bigint",
}
"""What is not simply a column of the event."""

JSON = frozenset({"errors", "object_ids", "request_data", "response_data", "recipients", "extra"})
JSON_PLACES = tuple(place for place, name in enumerate(Claimed._fields) if name in JSON)

decode = json.JSONDecoder().raw_decode
"""Without the search for white space, of which the database writes none around a value."""

RECEIPT = tuple(field.name for field in fields(Receipt))

Place = tuple[Any, int]
"""Where in the line of an unordered publisher a delivery stands: its time, and its key."""


def claim_at_once(
    model: type[Delivery],
    publisher: str,
    *,
    token: UUID,
    limit: int,
    lease: float,
    probing: bool,
    behind: Place | None,
    using: str,
) -> list[Claimed]:
    """PENDING → SENDING in one statement of PostgreSQL's.

    Args:
        probing: whether the breaker's being open does not matter.
        behind: only what stands in line behind this place.
    """
    parameters: list[Any] = [publisher, publisher, probing]
    parameters += behind or ()
    parameters += [limit, token, lease]
    with connections[using].cursor() as cursor:
        cursor.execute(_claim_statement(model, from_the_start=behind is None), parameters)
        rows = cursor.fetchall()
    return [_claimed(row) for row in rows]


@functools.cache
def _claim_statement(model: type[Delivery], *, from_the_start: bool) -> str:
    """Return the statement, made of the names of our own tables and columns.

    The keys go through an array: joined, PostgreSQL would read a small table as a whole each time.
    """
    delivery, event, state = _tables(model)
    columns = ", ".join(COLUMNS.get(name, f"event.{name}") for name in Claimed._fields)
    return f"""
        WITH due AS MATERIALIZED (
            SELECT id FROM {delivery}
            WHERE publisher = %s AND state = 'pending'
                AND available_at <= statement_timestamp()
                AND NOT EXISTS (
                    SELECT FROM {state} AS shared WHERE shared.alias = %s
                    AND (paused_at IS NOT NULL OR (open_until IS NOT NULL AND NOT %s))
                )
                {"" if from_the_start else "AND (available_at, id) > (%s, %s)"}
            ORDER BY available_at, id LIMIT %s
            FOR UPDATE SKIP LOCKED
        ), claimed AS (
            UPDATE {delivery} AS taken
            SET state = 'sending', attempts = attempts + 1, lease_token = %s,
                lease_expires_at = statement_timestamp() + make_interval(secs => %s)
            WHERE taken.id = ANY (ARRAY(SELECT id FROM due))
            RETURNING taken.*
        )
        SELECT {columns}
        FROM claimed JOIN {event} AS event ON event.id = claimed.event_id
        ORDER BY claimed.available_at, claimed.id"""  # noqa: S608


def _tables(model: type[Delivery]) -> tuple[str, str, str]:
    event = model._meta.get_field("event").related_model
    state = model._meta.apps.get_model("dj_actions", "PublisherState")
    return model._meta.db_table, event._meta.db_table, state._meta.db_table


def _claimed(row: Iterable[Any]) -> Claimed:
    values = list(row)
    for place in JSON_PLACES:
        if values[place] is not None:
            values[place], _ = decode(values[place])
    return Claimed._make(values)


def claimed_from(delivery: Any, token: UUID) -> Claimed:
    """Return a row that the ORM has locked and taken as what a relay works with."""
    event, aware = delivery.event, functools.partial(_aware, using=delivery._state.db)
    own: dict[str, Any] = {
        "lease_token": token,
        "claimed_microseconds": microseconds_of(aware(delivery.database_time)),
        "queued_microseconds": microseconds_of(aware(delivery.queued_at)),
        "available_microseconds": microseconds_of(aware(delivery.available_at)),
        "created_microseconds": microseconds_of(aware(event.created_at)),
    }
    source = {name: delivery if name in COLUMNS else event for name in Claimed._fields}
    given = {name: getattr(source[name], name) for name in Claimed._fields if name not in own}
    return Claimed(**own, **given)


def _aware(moment: datetime, *, using: str) -> datetime:
    """Give a moment its zone; without USE_TZ, PostgreSQL's are of TIME_ZONE and SQLite's of UTC."""
    if moment.tzinfo:
        return moment
    is_postgres = connections[using].vendor == "postgresql"
    return moment.replace(tzinfo=get_default_timezone() if is_postgres else UTC)


def settle_at_once(
    model: type[Delivery], token: UUID, receipts: Iterable[tuple[int, Receipt]], *, using: str
) -> set[int]:
    """SENDING → DELIVERED in one statement of PostgreSQL's; return what was still held."""
    given = [
        {"pk": pk, **{name: getattr(entry, name) for name in RECEIPT}} for pk, entry in receipts
    ]
    with connections[using].cursor() as cursor:
        cursor.execute(_settle_statement(model), [json.dumps(given), token])
        return {pk for (pk,) in cursor.fetchall()}


@functools.cache
def _settle_statement(model: type[Delivery]) -> str:
    """Return the statement, made of the names of our own tables and columns.

    It does not ask for the state: what has a lease is being sent, as a constraint says too, and
    the question would lead PostgreSQL through all dead entries of the index of what is held.
    """
    delivery, _, _ = _tables(model)
    return f"""
        UPDATE {delivery} AS held
        SET state = 'delivered', settled_at = statement_timestamp(),
            lease_token = NULL, lease_expires_at = NULL,
            receipt_id = given.id, receipt_url = given.url, receipt_scope = given.scope,
            remote_state = CASE WHEN tracked THEN 'running' ELSE 'untracked' END,
            remote_check_at = CASE WHEN tracked THEN statement_timestamp() END
        FROM jsonb_to_recordset(%s::jsonb)
            AS given (pk bigint, id text, url text, scope text, tracked boolean)
        WHERE held.id = given.pk AND held.lease_token = %s
        RETURNING held.id"""  # noqa: S608
