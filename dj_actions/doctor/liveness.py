"""Whether a relay is alive, for a supervisor that restarts it otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import Error, router

from dj_actions.cli.output import error_line
from dj_actions.doctor.queries import latest_heartbeat
from dj_actions.models import RelayHeartbeat


@dataclass(frozen=True, slots=True, kw_only=True)
class Liveness:
    """Whether a relay is alive, and the heartbeat that shows it."""

    alive: bool
    message: str
    relay: str | None = None
    """Host and process id of the relay that was seen last."""

    seconds: float | None = None
    """Age of its latest heartbeat."""


def liveness(*, host: str | None, max_age: float) -> Liveness:
    """Return whether a relay has recorded a heartbeat recently.

    Args:
        host: count only relays on this host; None for all hosts.
        max_age: maximum age of the heartbeat in seconds, by the database's clock.
    """
    where = "" if host is None else f" on {host}"
    rows = RelayHeartbeat.objects.using(router.db_for_write(RelayHeartbeat))
    try:
        latest = latest_heartbeat(rows, host=host)
    except Error as error:
        return Liveness(alive=False, message=f"Cannot query the database: {error_line(error)}")
    if latest is None:
        return Liveness(alive=False, message=f"No relay{where} has ever been seen.")
    alive = latest.age <= max_age
    limit = "" if alive else f", which is more than {max_age:g} s"
    return Liveness(
        alive=alive,
        message=f"Relay {latest.relay} was last seen {latest.age:.1f} s ago{limit}.",
        relay=latest.relay,
        seconds=round(latest.age, 3),
    )
