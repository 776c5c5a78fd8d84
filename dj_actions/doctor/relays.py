"""Check that relays are running."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from django.db import router

from dj_actions.cli.output import count_of, deliveries, duration
from dj_actions.conf import get_settings
from dj_actions.doctor.findings import Finding, ok, problem, warning
from dj_actions.doctor.queries import latest_heartbeat, unfinished
from dj_actions.models import Delivery, RelayHeartbeat

if TYPE_CHECKING:
    from dj_actions.outbox.queries import RelayHeartbeatQuerySet

CHECK = "relays"


def check_relays(max_age: float) -> Iterator[Finding]:
    """Check that each publisher is served by a relay that is alive.

    Args:
        max_age: maximum age of a relay's heartbeat in seconds.
    """
    aliases = get_settings().publishers
    alive = list(_heartbeats().seen_within(max_age))
    served = {alias for relay in alive for alias in relay.publishers}
    missing = [alias for alias in aliases if alias not in served]
    if not aliases:
        yield ok(CHECK, "No publisher is configured, so no relay is needed.")
    elif not alive:
        yield _missing(f"No relay was seen within {max_age:g} s{_last_seen()}", aliases)
    elif missing:
        yield _missing(f"No relay serves {', '.join(missing)}", missing)
    else:
        names = ", ".join(str(relay) for relay in alive)
        yield ok(CHECK, f"{count_of(len(alive), 'relay is', 'relays are')} running: {names}.")


def _missing(message: str, aliases: Iterable[str]) -> Finding:
    """Return a problem if these publishers have open deliveries, otherwise a warning."""
    fix = "Start `manage.py run_relay`, and keep it running with a supervisor."
    rows = Delivery.objects.using(router.db_for_write(Delivery)).filter(publisher__in=aliases)
    count = sum(backlog.count for backlog in unfinished(rows))
    if count:
        return problem(CHECK, f"{message}; {deliveries(count)} open.", fix)
    return warning(CHECK, f"{message}; no open deliveries.", fix)


def _last_seen() -> str:
    latest = latest_heartbeat(_heartbeats())
    return f"; the last was {latest.relay}, {duration(latest.age)} ago" if latest else ""


def _heartbeats() -> RelayHeartbeatQuerySet:
    return RelayHeartbeat.objects.using(router.db_for_write(RelayHeartbeat))
