"""The query by which a page finds out whether anything has changed."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from django.db import connections

from dj_actions.outbox.queries.base import RecordQuerySet
from dj_actions.outbox.queries.heartbeats import RELAY_TIMEOUT
from dj_actions.outbox.queries.remote_runs import RUN_STATES

if TYPE_CHECKING:
    from dj_actions.models import Delivery  # noqa: F401 - the base class names it

MAX_COMPARED = 1000
"""Deliveries in each state, and remote runs, that a version depends on at most."""

SILENT_SINCE_POSTGRES = f"now() - interval '{RELAY_TIMEOUT} seconds'"
SILENT_SINCE_SQLITE = f"strftime('%Y-%m-%d %H:%M:%f', 'now', '-{RELAY_TIMEOUT} seconds')"


class VersionQueries(RecordQuerySet["Delivery"]):
    """The query of pages that keep themselves up to date."""

    def outbox_version(self) -> str:
        """Return a string that changes when the outbox does, in one cheap statement.

        It covers new events, the deliveries that are not settled, dead letters, remote runs,
        publishers, what relays have delivered, and relays that have been silent for
        `RELAY_TIMEOUT`.
        """
        event: Any = self.model._meta.get_field("event").related_model
        silent_since = SILENT_SINCE_POSTGRES if self._is_postgres else SILENT_SINCE_SQLITE
        statement = f"""
            SELECT (SELECT id FROM {event._meta.db_table} ORDER BY id DESC LIMIT 1),
                   {self._open_version("state = 'pending'")},
                   {self._open_version("state = 'sending'")},
                   {self._open_version("state = 'dead'")},
                   {self._run_version()},
                   (SELECT count(paused_at) || ',' || count(open_until) || ',' ||
                           coalesce(sum(failures), 0) FROM dj_actions_publisherstate),
                   (SELECT sum(delivered) || ',' || sum(failed) FROM dj_actions_deliverycount),
                   (SELECT count(*) FROM dj_actions_relayheartbeat
                    WHERE seen_at >= {silent_since})
        """  # noqa: S608 - names and constants of our own
        with connections[self.db].cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone()
        return blake2b(repr(row).encode(), digest_size=12).hexdigest()

    def _run_version(self) -> str:
        """Return a subquery of the states of the newest remote runs."""
        counts = " || ',' || ".join(
            f"count(CASE WHEN remote_state = '{state.value}' THEN 1 END)" for state in RUN_STATES
        )
        return f"""(
            SELECT {counts} || ',' || coalesce(max(remote_changed_at), max(settled_at)) FROM (
                SELECT remote_state, remote_changed_at, settled_at
                FROM {self.model._meta.db_table} WHERE remote_state <> 'untracked'
                ORDER BY id DESC LIMIT {MAX_COMPARED}
            ) AS compared
        )"""  # noqa: S608 - names and constants of our own

    def _open_version(self, condition: str) -> str:
        """Return a subquery of the number of some deliveries, and of all their attempts."""
        return f"""(
            SELECT count(*) || ',' || coalesce(sum(attempts), 0) FROM (
                SELECT attempts FROM {self.model._meta.db_table}
                WHERE {condition} LIMIT {MAX_COMPARED}
            ) AS compared
        )"""  # noqa: S608 - names and constants of our own
