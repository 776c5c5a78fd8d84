"""Check that relays are running."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from django.db import router

from dj_actions.cli.output import count_of, deliveries, duration
from dj_actions.conf import get_settings
from dj_actions.doctor.findings import Finding, ok, problem, warning
from dj_actions.doctor.queries import latest_heartbeat, silent_heartbeats, unfinished
from dj_actions.models import Delivery, RelayHeartbeat

if TYPE_CHECKING:
    from dj_actions.outbox.queries import RelayHeartbeatQuerySet

CHECK = "relays"

KILLED_WITHIN = 3600.0
"""Seconds for which a relay that vanished is reported although others serve its publishers."""

MAX_NAMED = 5
"""Relays that were killed and are named."""


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
        running = f"{count_of(len(alive), 'relay is', 'relays are')} running: {names}."
        yield _with_killed(running, max_age)


def _with_killed(running: str, max_age: float) -> Finding:
    """Return a warning if a relay was killed or got stuck lately: it stops with its row deleted."""
    killed = silent_heartbeats(_heartbeats(), silent=max_age, within=KILLED_WITHIN)
    if not killed:
        return ok(CHECK, running)
    shown = [f"{relay.relay} ({duration(relay.age)} ago)" for relay in killed[:MAX_NAMED]]
    more = [f"{len(killed) - MAX_NAMED} more"] if len(killed) > MAX_NAMED else []
    names = ", ".join([*shown, *more])
    return warning(
        CHECK,
        f"{running} Killed or stuck: {names}.",
        "The others deliver what it held. See its log and its supervisor, for example whether it "
        "had too little memory.",
    )


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
