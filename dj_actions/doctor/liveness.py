"""Does a relay live: the question of a supervisor, which restarts what does not."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import Error, router

from dj_actions.doctor.findings import in_one_line
from dj_actions.doctor.queries import latest_sign
from dj_actions.models import RelayHeartbeat


@dataclass(frozen=True, slots=True, kw_only=True)
class Liveness:
    """Whether a relay lives, and how that is known."""

    alive: bool
    message: str
    relay: str | None = None
    """Host and process of the one seen last."""

    seconds: float | None = None
    """Since it was seen."""


def liveness(*, host: str | None, max_age: float) -> Liveness:
    """Tell whether a relay gave a sign of life lately.

    Args:
        host: only relays of this host count; None for all.
        max_age: how old the sign may be, in seconds by the database's clock.
    """
    where = "" if host is None else f" on {host}"
    rows = RelayHeartbeat.objects.using(router.db_for_write(RelayHeartbeat))
    try:
        sign = latest_sign(rows, host=host)
    except Error as error:
        return Liveness(alive=False, message=f"The database cannot be asked: {in_one_line(error)}")
    if sign is None:
        return Liveness(alive=False, message=f"No relay{where} has ever been seen.")
    alive = sign.age <= max_age
    limit = "" if alive else f", which is more than {max_age:g} s"
    return Liveness(
        alive=alive,
        message=f"Relay {sign.relay} was last seen {sign.age:.1f} s ago{limit}.",
        relay=sign.relay,
        seconds=round(sign.age, 3),
    )
