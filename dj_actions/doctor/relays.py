"""Check that someone delivers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from django.db import router

from dj_actions.conf import get_settings
from dj_actions.doctor.findings import Finding, counted, deliveries, ok, problem, spoken, warning
from dj_actions.doctor.queries import latest_sign, unfinished
from dj_actions.models import Delivery, RelayHeartbeat

if TYPE_CHECKING:
    from dj_actions.outbox.queries import RelayHeartbeatQuerySet

CHECK = "relays"


def check_relays(max_age: float) -> Iterator[Finding]:
    """Check that each publisher is served by a relay that lives.

    Args:
        max_age: how old a relay's sign of life may be, in seconds.
    """
    aliases = get_settings().publishers
    alive = list(_signs().seen_within(max_age))
    served = {alias for relay in alive for alias in relay.publishers}
    missing = [alias for alias in aliases if alias not in served]
    if not aliases:
        yield ok(CHECK, "No publisher is configured, so no relay is needed.")
    elif not alive:
        yield _nobody(f"No relay was seen within {max_age:g} s{_last_one()}", aliases)
    elif missing:
        yield _nobody(f"No relay serves {', '.join(missing)}", missing)
    else:
        names = ", ".join(str(relay) for relay in alive)
        yield ok(CHECK, f"{counted(len(alive), 'relay is', 'relays are')} at work: {names}.")


def _nobody(what: str, aliases: Iterable[str]) -> Finding:
    """Return how bad it is: it depends on whether anything waits."""
    fix = "Start `manage.py run_relay`, and let a supervisor keep it running."
    rows = Delivery.objects.using(router.db_for_write(Delivery)).filter(publisher__in=aliases)
    count = sum(backlog.count for backlog in unfinished(rows))
    if count:
        return problem(CHECK, f"{what}; {deliveries(count)} open.", fix)
    return warning(CHECK, f"{what}; nothing is to be delivered.", fix)


def _last_one() -> str:
    sign = latest_sign(_signs())
    return f"; the last was {sign.relay}, {spoken(sign.age)} ago" if sign else ""


def _signs() -> RelayHeartbeatQuerySet:
    return RelayHeartbeat.objects.using(router.db_for_write(RelayHeartbeat))
