"""The PostgreSQL statement that claims deliveries of a publisher that keeps an order.

Its cost depends on the size of the batch, not on the size of the backlog: it reads the head of the
queue, then the first open deliveries of each line in it. A line is all deliveries with the same
ordering key. The portable way is in `claim`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import connections

from dj_actions.conf import get_settings
from dj_actions.outbox.claimed import CLAIM_PARTS, Claim, Cursor, Scan, datetime_of
from dj_actions.outbox.queries.base import MAX_ID
from dj_actions.outbox.queries.postgres import (
    MICROSECONDS,
    RETURNED,
    claimed_from,
    read_columns,
    table_names,
)
from dj_actions.policies import OnPoison

if TYPE_CHECKING:
    from dj_actions.models import Delivery

MAX_WINDOW = 5_000
"""Most deliveries of the head of the queue that one statement reads. Where many lines are blocked,
the next statement reads further."""


Row = tuple[Any, ...]
"""How much of the head was read and where it ends, then the columns of a delivery, if any."""


def claim_in_order(
    model: type[Delivery], claim: Claim, on_poison: OnPoison, *, using: str
) -> Callable[[], Scan]:
    """PENDING → SENDING for due deliveries that no earlier delivery blocks, in order.

    It must run in a transaction that holds the lock of the publisher's claims: the next claim has
    to see the result of this one. What it returns reads the rows; call it after the transaction,
    as other relays wait for its end.

    Args:
        model: the model of deliveries.
        claim: what to claim.
        on_poison: how a dead letter affects later deliveries.
        using: alias of the database.
    """
    window, end = claim.limit, claim.after
    while True:
        statement = _claim_statement(
            model, from_start=end is None, is_part=claim.part is not None, on_poison=on_poison
        )
        rows = _execute(statement, _parameters(claim, window, end), using=using)
        seen = rows[0][0] if rows else 0
        end = (datetime_of(rows[0][1]), rows[0][2]) if rows else end
        has_claimed = bool(rows) and rows[0][3] is not None
        if has_claimed or seen < window:
            return partial(_scan_of, rows if has_claimed else [], end, claim)
        window = min(2 * window, MAX_WINDOW)


def _scan_of(rows: Sequence[Row], end: Cursor | None, claim: Claim) -> Scan:
    return Scan(claimed_from([row[3:] for row in rows], claim), end)


def _parameters(claim: Claim, window: int, after: Cursor | None) -> dict[str, Any]:
    available_at, pk = after or (None, None)
    return {
        "publisher": claim.publisher,
        "probing": claim.probing,
        "environment": get_settings().environment,
        "after_time": available_at,
        "after_id": pk,
        "part": claim.part,
        "window": window,
        "limit": claim.limit,
        "token": claim.token,
        "lease": claim.lease,
        "relay": claim.relay,
    }


def _execute(statement: str, parameters: Mapping[str, Any], *, using: str) -> list[Row]:
    with connections[using].cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


@functools.cache
def _claim_statement(
    model: type[Delivery], *, from_start: bool, is_part: bool, on_poison: OnPoison
) -> str:
    """Return the statement; only names of our own tables and columns are interpolated.

    A delivery is free if it and all open ones before it in its line are pending and due. An empty
    ordering key stands for the whole scope, whose first such delivery is a barrier: those of the
    scope that follow it wait for it, and it waits for those before it. Each `ORDER BY id LIMIT`
    walks the index `dja_delivery_in_line` or `dja_delivery_in_scope`, whose condition it repeats.
    """
    delivery, event, state = table_names(model)
    queue = "true" if from_start else "(available_at, id) > (%(after_time)s, %(after_id)s)"
    # Not `=`, of which PostgreSQL expects one row in 200, and would sort the whole queue.
    hashed = f"mod(hashtext(ordering_scope || ordering_key), {CLAIM_PARTS})"
    part = f"abs(abs({hashed}) - %(part)s) < 1" if is_part else "true"
    states = (
        "'pending', 'sending', 'dead'" if on_poison is OnPoison.PARK else "'pending', 'sending'"
    )
    is_open = f"publisher = %(publisher)s AND state IN ({states}) AND NOT ordering_scope = ''"
    first_dead = f"""
        SELECT min(id) FROM {delivery}
        WHERE publisher = %(publisher)s AND state = 'dead' AND NOT ordering_scope = ''
    """  # noqa: S608
    is_before_dead = f"id < coalesce(({first_dead}), {MAX_ID})"
    return f"""
        WITH head AS MATERIALIZED (
            SELECT id, available_at, ordering_scope, ordering_key FROM {delivery}
            WHERE publisher = %(publisher)s AND state = 'pending'
                AND available_at <= statement_timestamp()
                AND NOT EXISTS (
                    SELECT FROM {state} AS shared WHERE shared.alias = %(publisher)s
                    AND (paused_at IS NOT NULL OR (open_until IS NOT NULL AND NOT %(probing)s))
                )
                AND NOT EXISTS (
                    SELECT FROM {state} AS bound
                    WHERE bound.alias = '' AND bound.open_reason <> %(environment)s
                )
                AND {queue} AND {part}
            ORDER BY available_at, id LIMIT %(window)s
        ), edge AS (
            SELECT count(*) OVER () AS seen, id,
                {MICROSECONDS.format("available_at")} AS available_microseconds
            FROM head ORDER BY available_at DESC, id DESC LIMIT 1
        ), scopes AS MATERIALIZED (
            SELECT known.ordering_scope AS scope, (
                SELECT id FROM {delivery}
                WHERE {is_open} AND ordering_scope = known.ordering_scope AND ordering_key = ''
                ORDER BY id LIMIT 1
            ) AS barrier
            FROM (SELECT DISTINCT ordering_scope FROM head WHERE NOT ordering_scope = '') AS known
        ), lines AS (
            SELECT ordering_scope AS scope, ordering_key AS key, count(*) AS wanted
            FROM head WHERE NOT ordering_scope = '' AND NOT ordering_key = ''
            GROUP BY ordering_scope, ordering_key
        ), in_line AS (
            SELECT member.id, bool_and(
                member.state = 'pending' AND member.available_at <= statement_timestamp()
                AND (barrier IS NULL OR member.id < barrier)
            ) OVER (PARTITION BY scope, key ORDER BY member.id) AS is_free
            FROM lines JOIN scopes USING (scope) CROSS JOIN LATERAL (
                SELECT id, state, available_at FROM {delivery}
                WHERE {is_open} AND ordering_scope = scope AND ordering_key = key
                ORDER BY id LIMIT wanted
            ) AS member
        ), free AS (
            SELECT id FROM head WHERE ordering_scope = ''
            UNION ALL
            SELECT id FROM in_line WHERE is_free
            UNION ALL
            -- OFFSET 0: only for a barrier in the head is the first of its scope searched for.
            SELECT id FROM (
                SELECT id, scope FROM head JOIN scopes ON id = barrier OFFSET 0
            ) AS reached WHERE id = (
                SELECT id FROM {delivery} AS first
                WHERE {is_open} AND ordering_scope = scope ORDER BY id LIMIT 1
            )
        ), chosen AS (
            SELECT id FROM free
            WHERE {is_before_dead if on_poison is OnPoison.BLOCK else "true"}
            ORDER BY id LIMIT %(limit)s
        ), claimed AS (
            UPDATE {delivery} AS taken
            SET state = 'sending', attempts = attempts + 1, lease_token = %(token)s,
                lease_expires_at = statement_timestamp() + make_interval(secs => %(lease)s),
                relay = %(relay)s
            WHERE taken.id = ANY (ARRAY(SELECT id FROM chosen)) AND taken.state = 'pending'
            RETURNING {RETURNED}
        )
        SELECT edge.seen, edge.available_microseconds, edge.id, {read_columns()}
        FROM edge LEFT JOIN (
            claimed JOIN {event} AS event ON event.id = claimed.event_id
        ) ON true
        ORDER BY claimed.id"""  # noqa: S608
