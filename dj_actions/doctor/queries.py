"""Read-only queries of the checks: of the outbox, of the relays, and of PostgreSQL's statistics.

Ages are by the database's clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import Count, Min
from django.db.models.functions import Now

from dj_actions.outbox.queries.clock import database_time, from_now
from dj_actions.states import DeliveryState

if TYPE_CHECKING:
    from dj_actions.outbox.queries.deliveries import DeliveryQuerySet
    from dj_actions.outbox.queries.heartbeats import RelayHeartbeatQuerySet

MAX_STALLED = 10_000
"""Remote runs of which the reasons are counted."""

MAX_TRANSACTIONS = 100_000
"""Maximum age of a snapshot in transactions, where PostgreSQL reports no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The deliveries of one publisher that are in the same situation."""

    publisher: str
    count: int

    age: float
    """Seconds since the oldest of them got into it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """The latest heartbeat of a relay."""

    relay: str
    """Host and process id, for example `web-1:4711`."""

    age: float
    """Seconds since the heartbeat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A snapshot that keeps PostgreSQL from removing dead rows."""

    holder: str
    """Description of the session, prepared transaction or replication slot that holds it."""

    age: float | None
    """Seconds since it was taken; None where PostgreSQL reports no time."""

    transactions: int
    """Number of transactions that began since."""

    remedy: str
    """SQL statement that ends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableHealth:
    """PostgreSQL's statistics of one table."""

    table: str
    live_rows: int
    dead_rows: int
    vacuumed_at: datetime | None
    is_vacuumed: bool
    """Whether autovacuum is on for the server and for this table."""


def pending(rows: DeliveryQuerySet) -> list[Backlog]:
    """Return the pending deliveries by publisher."""
    return _by_publisher(rows.filter(state=DeliveryState.PENDING), "queued_at")


def unfinished(rows: DeliveryQuerySet) -> list[Backlog]:
    """Return the open deliveries by publisher."""
    return _by_publisher(rows.open(), "queued_at")


def dead(rows: DeliveryQuerySet) -> list[Backlog]:
    """Return the dead letters by publisher."""
    return _by_publisher(rows.filter(state=DeliveryState.DEAD), "settled_at")


def expired(rows: DeliveryQuerySet, *, seconds: float) -> list[Backlog]:
    """Return the deliveries whose lease expired more than `seconds` ago, by publisher."""
    leased = rows.filter(state=DeliveryState.SENDING, lease_expires_at__lt=from_now(-seconds))
    return _by_publisher(leased, "lease_expires_at")


def of_unknown_publishers(rows: DeliveryQuerySet, known: Iterable[str]) -> list[Backlog]:
    """Return the open deliveries for publishers that are not configured, by publisher."""
    return _by_publisher(rows.of_unknown_publishers(known), "queued_at")


def stalled(rows: DeliveryQuerySet) -> dict[tuple[str, str], int]:
    """Count the remote runs that do not advance: publisher and reason → their number."""
    blocked = rows.stalled().order_by("publisher", "pk").values_list("publisher", "remote_report")
    return dict(Counter((alias, report["hint"]) for alias, report in blocked[:MAX_STALLED]))


def latest_heartbeat(rows: RelayHeartbeatQuerySet, *, host: str | None = None) -> Heartbeat | None:
    """Return the latest heartbeat of any relay, or of any relay on one host."""
    of_host = rows if host is None else rows.filter(host=host)
    found = of_host.annotate(database_time=Now()).order_by("-seen_at").first()
    if found is None:
        return None
    now = found.database_time  # type: ignore[attr-defined]  # annotated
    return Heartbeat(relay=str(found), age=_seconds(now, found.seen_at))


def silent_heartbeats(
    rows: RelayHeartbeatQuerySet, *, silent: float, within: float
) -> list[Heartbeat]:
    """Return the relays that were killed or got stuck, the latest first.

    Args:
        rows: heartbeats.
        silent: seconds since the heartbeat from which a relay counts as dead.
        within: seconds since the heartbeat of those that are still of interest.
    """
    recent = rows.seen_within(within).exclude(seen_at__gte=from_now(-silent))
    found = recent.annotate(database_time=Now()).order_by("-seen_at")
    return [
        Heartbeat(
            relay=str(row),
            age=_seconds(row.database_time, row.seen_at),  # type: ignore[attr-defined]  # annotated
        )
        for row in found
    ]


def held_snapshots(*, using: str, seconds: float) -> list[Snapshot]:
    """Return the sessions, prepared transactions and replication slots with an old snapshot.

    They keep PostgreSQL from removing dead rows:
    https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-WRAPAROUND

    Args:
        using: alias of a PostgreSQL database.
        seconds: maximum age of a snapshot.
    """
    # The snapshot of a vacuum blocks nothing. The snapshot of a standby advances with it, so
    # for walsenders and replication slots only the distance in transactions is meaningful.
    statement = """
        SELECT 'session ' || pid || ' (' ||
                   concat_ws(', ', usename, nullif(application_name, ''), state) || ')',
               extract(epoch FROM clock_timestamp() - xact_start)::float,
               greatest(age(backend_xmin), age(backend_xid)),
               'SELECT pg_terminate_backend(' || pid || ')'
        FROM pg_stat_activity
        WHERE coalesce(backend_xmin, backend_xid) IS NOT NULL
          AND pid <> pg_backend_pid()
          AND CASE WHEN backend_type = 'walsender' THEN age(backend_xmin) > %(transactions)s
                   ELSE datname = current_database()
                        AND backend_type <> 'autovacuum worker'
                        AND xact_start <= clock_timestamp() - make_interval(secs => %(seconds)s)
              END
          AND pid NOT IN (SELECT pid FROM pg_stat_progress_vacuum)
        UNION ALL
        SELECT 'prepared transaction ' || quote_literal(gid) || ' (' || owner || ')',
               extract(epoch FROM clock_timestamp() - prepared)::float,
               age(transaction),
               'ROLLBACK PREPARED ' || quote_literal(gid)
        FROM pg_prepared_xacts
        WHERE database = current_database()
          AND prepared <= clock_timestamp() - make_interval(secs => %(seconds)s)
        UNION ALL
        SELECT 'replication slot ' || slot_name || CASE WHEN active THEN '' ELSE ' (unused)' END,
               NULL,
               age(xmin),
               'SELECT pg_drop_replication_slot(' || quote_literal(slot_name) || ')'
        FROM pg_replication_slots
        WHERE xmin IS NOT NULL AND (NOT active OR age(xmin) > %(transactions)s)
        ORDER BY 3 DESC
    """
    limits = {"seconds": seconds, "transactions": MAX_TRANSACTIONS}
    return [
        Snapshot(holder=holder, age=age, transactions=transactions, remedy=remedy)
        for holder, age, transactions, remedy in _rows(using, statement, limits)
    ]


def count_hidden_sessions(*, using: str) -> int:
    """Count the sessions in this database whose details are hidden from this role."""
    statement = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND query = '<insufficient privilege>'
    """
    ((count,),) = _rows(using, statement)
    return int(count)


def free_connections(*, using: str) -> int:
    """Return how many more connections PostgreSQL allows this role to open to this database."""
    # Statistics count sessions of all roles; pg_stat_activity shows those of this one in any case.
    statement = """
        SELECT least(
            current_setting('max_connections')::int
                - current_setting('superuser_reserved_connections')::int
                - coalesce(current_setting('reserved_connections', true), '0')::int
                - (SELECT sum(numbackends) FROM pg_stat_database),
            CASE WHEN datconnlimit >= 0 THEN datconnlimit - (
                SELECT numbackends FROM pg_stat_database WHERE datname = current_database()
            ) END,
            CASE WHEN rolconnlimit >= 0 THEN rolconnlimit - (
                SELECT count(*) FROM pg_stat_activity WHERE usename = session_user
            ) END
        )
        FROM pg_database, pg_roles
        WHERE datname = current_database() AND rolname = session_user
    """
    ((free,),) = _rows(using, statement)
    return max(0, int(free))


def table_health(tables: Sequence[str], *, using: str) -> list[TableHealth]:
    """Return PostgreSQL's statistics of these tables."""
    statement = """
        SELECT counted.relname, counted.n_live_tup, counted.n_dead_tup,
               greatest(counted.last_vacuum, counted.last_autovacuum),
               current_setting('autovacuum')::boolean AND NOT EXISTS (
                   SELECT FROM pg_options_to_table(pg_class.reloptions)
                   WHERE option_name = 'autovacuum_enabled' AND NOT option_value::boolean
               )
        FROM pg_stat_user_tables counted JOIN pg_class ON pg_class.oid = counted.relid
        WHERE counted.relname = ANY(%(tables)s) AND pg_table_is_visible(counted.relid)
        ORDER BY 1
    """
    return [
        TableHealth(
            table=table, live_rows=live, dead_rows=dead, vacuumed_at=moment, is_vacuumed=enabled
        )
        for table, live, dead, moment, enabled in _rows(using, statement, {"tables": list(tables)})
    ]


def _by_publisher(rows: DeliveryQuerySet, moment: str) -> list[Backlog]:
    counted = rows.order_by().values_list("publisher").annotate(Count("pk"), Min(moment))
    found = list(counted.order_by("publisher"))
    now = database_time(using=rows.db)
    return [
        Backlog(publisher=publisher, count=count, age=_seconds(now, oldest))
        for publisher, count, oldest in found
    ]


def _seconds(now: datetime, then: datetime) -> float:
    return max(0.0, (now - then).total_seconds())


def _rows(using: str, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
    with connections[using].cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
