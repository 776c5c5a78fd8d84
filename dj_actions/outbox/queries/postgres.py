"""The PostgreSQL statements that claim and settle a whole batch of deliveries.

They are written by hand: at thousands of deliveries per second, a relay would spend most of its
time on model instances and on one statement per row. The portable way is in `claim` and
`transitions`.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connections

from dj_actions.conf import get_settings
from dj_actions.outbox.attempts import Delivered
from dj_actions.outbox.claimed import Claim, Claimed, Scan, scan_of

if TYPE_CHECKING:
    from dj_actions.models import Delivery

MICROSECONDS = "(date_part('epoch', {}) * 1e6::float8)::bigint"
"""A time in microseconds since 1970. Floating-point numbers cost a quarter of what PostgreSQL's
decimal numbers do; they are exact to the microsecond until 2041."""

WITHOUT_WAITING = "set_config('synchronous_commit', 'off', true)"
"""Makes the transaction of a claim commit without waiting for the disk.

If the server crashes before it has written the claim, the deliveries are pending again, as if the
lease had expired: the relay that sends them cannot settle them, and the one that claims them next
sends them again. What a relay settles waits for the disk, and so does the claim before it.
Source: https://www.postgresql.org/docs/current/wal-async-commit.html
"""

COLUMNS = {
    "pk": "claimed.id",
    "options": "claimed.options",
    "attempts": "claimed.attempts",
    # In a subquery it is computed once, not for each row.
    "claimed_microseconds": (
        f"(SELECT {MICROSECONDS.format('statement_timestamp()')} FROM {WITHOUT_WAITING})"  # noqa: S608
    ),
    "queued_microseconds": MICROSECONDS.format("claimed.queued_at"),
    "available_microseconds": MICROSECONDS.format("claimed.available_at"),
    "errors": "claimed.errors",
    "ordering_scope": "claimed.ordering_scope",
    "ordering_key": "claimed.ordering_key",
    "event_id": "claimed.event_id",
    "created_microseconds": MICROSECONDS.format("event.created_at"),
}
"""Field of `Claimed` → SQL, for the fields that are not a column of the event."""

RETURNED = """
    taken.id, taken.options, taken.attempts, taken.queued_at, taken.available_at, taken.errors,
    taken.ordering_scope, taken.ordering_key, taken.event_id
"""
"""The columns of a claimed delivery that `COLUMNS` reads."""

READ_FIELDS = tuple(name for name in Claimed._fields if name not in {"publisher", "lease_token"})
"""The fields of `Claimed` that are read; the others are those of the claim."""

JSON_FIELDS = {
    *("options", "errors", "object_ids", "request_data", "response_data", "recipients", "extra")
}
JSON_POSITIONS = tuple(i for i, name in enumerate(READ_FIELDS) if name in JSON_FIELDS)

DECODED_TOGETHER = 100
"""Rows whose JSON is decoded at once: a call of the decoder costs as much as an empty object."""

MAX_SAMPLED = 50
"""Of the deliveries that are settled together, how many represent all in percentiles."""


def claim_in_one_statement(model: type[Delivery], claim: Claim, *, using: str) -> Scan:
    """PENDING → SENDING for due deliveries, the longest due first.

    Args:
        model: the model of deliveries.
        claim: what to claim.
        using: alias of the database.
    """
    environment = get_settings().environment
    parameters: list[Any] = [claim.publisher, claim.publisher, claim.probing, environment]
    parameters += claim.after or ()
    parameters += [claim.limit, claim.token, claim.lease, claim.relay]
    with connections[using].cursor() as cursor:
        cursor.execute(_claim_statement(model, from_start=claim.after is None), parameters)
        rows = cursor.fetchall()
    claimed = claimed_from(rows, claim)
    claimed.sort(key=attrgetter("available_microseconds", "pk"))  # cheaper than in the database
    return scan_of(claimed)


@functools.cache
def _claim_statement(model: type[Delivery], *, from_start: bool) -> str:
    """Return the statement; only names of our own tables and columns are interpolated.

    The positions of the rows pass through an array: with a join, PostgreSQL would scan a small
    table sequentially. A row that moves while it is being locked is left to the next claim.
    """
    delivery, event, state = table_names(model)
    return f"""
        WITH due AS MATERIALIZED (
            SELECT ctid AS position FROM {delivery}
            WHERE publisher = %s AND state = 'pending'
                AND available_at <= statement_timestamp()
                AND NOT EXISTS (
                    SELECT FROM {state} AS shared WHERE shared.alias = %s
                    AND (paused_at IS NOT NULL OR (open_until IS NOT NULL AND NOT %s))
                )
                AND NOT EXISTS (
                    SELECT FROM {state} AS bound WHERE bound.alias = '' AND bound.open_reason <> %s
                )
                {"" if from_start else "AND (available_at, id) > (%s, %s)"}
            ORDER BY available_at, id LIMIT %s
            FOR UPDATE SKIP LOCKED
        ), claimed AS (
            UPDATE {delivery} AS taken
            SET state = 'sending', attempts = attempts + 1, lease_token = %s,
                lease_expires_at = statement_timestamp() + make_interval(secs => %s), relay = %s
            WHERE taken.ctid = ANY (ARRAY(SELECT position FROM due))
            RETURNING {RETURNED}
        )
        SELECT {read_columns()}
        FROM claimed JOIN {event} AS event ON event.id = claimed.event_id"""  # noqa: S608


def read_columns() -> str:
    """Return the columns of `READ_FIELDS`, as SQL."""
    return ", ".join(COLUMNS.get(name, f"event.{name}") for name in READ_FIELDS)


def table_names(model: type[Delivery]) -> tuple[str, str, str]:
    """Return the tables of deliveries, of events and of the state of publishers."""
    event = model._meta.get_field("event").related_model
    state = model._meta.apps.get_model("dj_actions", "PublisherState")
    return model._meta.db_table, event._meta.db_table, state._meta.db_table


def claimed_from(rows: Sequence[tuple[Any, ...]], claim: Claim) -> list[Claimed]:
    """Return the values for rows with the columns of `READ_FIELDS`."""
    claimed: list[Claimed] = []
    for start in range(0, len(rows), DECODED_TOGETHER):
        columns = list(zip(*rows[start : start + DECODED_TOGETHER], strict=True))
        for position in JSON_POSITIONS:
            columns[position] = _decoded(columns[position])
        claimed += map(Claimed, repeat(claim.publisher), repeat(claim.token), *columns)
    return claimed


def _decoded(texts: Iterable[str | None]) -> tuple[Any, ...]:
    """Return the values of JSON texts; that of NULL is None."""
    return tuple(json.loads(f"[{','.join([text or 'null' for text in texts])}]"))


def settle_in_one_statement(
    model: type[Delivery], token: UUID, delivered: Iterable[Delivered], *, using: str
) -> set[int]:
    """SENDING → DELIVERED; return the ids of the deliveries that were still held.

    Args:
        model: the model of deliveries.
        token: the lease under which they are held.
        delivered: each delivery, with its receipt.
        using: alias of the database.
    """
    rows = _settled_rows(delivered)
    with connections[using].cursor() as cursor:
        cursor.execute(_settle_statement(model), [json.dumps(rows, separators=(",", ":")), token])
        return {pk for (pk,) in cursor.fetchall()}


def _settled_rows(delivered: Iterable[Delivered]) -> list[dict[str, Any]]:
    """Return the rows of receipts, some with a `weight`: percentiles are computed from those.

    An entry in the index of each delivery would be a fiftieth of a relay's work. Remote runs are
    few, and each one counts.
    """
    rows = list(map(_settled_row, delivered))
    is_tracked = any("tracked" in row for row in rows)
    weight = 1 if is_tracked else math.ceil(len(rows) / MAX_SAMPLED)
    for row in rows[::weight]:
        row["weight"] = weight
    return rows


def _settled_row(delivered: Delivered) -> dict[str, Any]:
    """Return the row of a receipt, without what is empty, as it mostly is."""
    delivery, receipt, (started, took) = delivered
    row: dict[str, Any] = {"pk": delivery.pk, "id": receipt.id, "at": started, "took": took}
    if receipt.url:
        row["url"] = receipt.url
    if receipt.scope:
        row["scope"] = receipt.scope
    if receipt.tracked:
        row["tracked"] = True
    if receipt.parts:
        row["parts"] = [asdict(part) for part in receipt.parts]
    return row


@functools.cache
def _settle_statement(model: type[Delivery]) -> str:
    """Return the statement; only names of our own tables and columns are interpolated.

    It does not check the state: a row with a lease is being sent, which a constraint ensures, and
    the check would make PostgreSQL walk all dead entries of the index of leased deliveries. Times
    are converted as floating-point numbers, whose 53 bits hold microseconds until 2255.
    """
    delivery, _, _ = table_names(model)
    return f"""
        UPDATE {delivery} AS held
        SET state = 'delivered', settled_at = statement_timestamp(),
            lease_token = NULL, lease_expires_at = NULL,
            receipt_id = given.id, receipt_url = coalesce(given.url, ''),
            receipt_scope = coalesce(given.scope, ''),
            receipt_parts = coalesce(given.parts, '[]'),
            remote_state = CASE WHEN tracked THEN 'running' ELSE 'untracked' END,
            remote_check_at = CASE WHEN tracked THEN statement_timestamp() END,
            sent_at = to_timestamp(at / 1e6::float8),
            first_sent_at = coalesce(held.first_sent_at, to_timestamp(at / 1e6::float8)),
            sending_seconds = took / 1e6::float8, sample_weight = weight
        FROM json_to_recordset(%s::json) AS given (
            pk bigint, id text, url text, scope text, tracked boolean, parts jsonb,
            at bigint, took bigint, weight smallint
        )
        WHERE held.id = given.pk AND held.lease_token = %s
        RETURNING held.id"""  # noqa: S608
