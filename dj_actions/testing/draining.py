"""Deliver without a relay: in the test's own thread, on its own connection."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from dj_actions.conf import Settings, get_settings
from dj_actions.models import Delivery
from dj_actions.outbox.claimed import Claimed
from dj_actions.outbox.queries import DeliveryQuerySet
from dj_actions.relay.claiming.claimer import Claimer
from dj_actions.relay.failures.circuit_breaker import CircuitBreaker
from dj_actions.relay.identity import relay_name
from dj_actions.relay.lanes.lane import Lane
from dj_actions.relay.process.served_publishers import resolve_aliases
from dj_actions.states import SETTLED_STATES


def drain(*aliases: str, ignore_waits: bool = False) -> int:
    """Deliver all deliveries that are due now, as `manage.py run_relay --drain` does.

    It starts no threads and does not sleep, so it works inside the transaction of a test. The
    usual rules apply to failures; each delivery is tried once, and then waits for its next
    attempt or is dead.

    Args:
        aliases: the publishers to serve; all of them by default.
        ignore_waits: also try deliveries that wait for a later time, and continue where the
            circuit breaker would stop. Each delivery is tried once per call: call it again for
            the next attempt.

    Returns:
        How many deliveries were delivered or given up.

    Raises:
        InvalidSetting: an alias is not configured, or its publisher cannot be created.
    """
    return drain_rows(Delivery.objects.all(), aliases, ignore_waits=ignore_waits)


def drain_rows(
    rows: DeliveryQuerySet, aliases: Iterable[str], *, ignore_waits: bool = False
) -> int:
    """Do the same as `drain`, but only for the given deliveries."""
    return sum(_drain_one(rows, alias, ignore_waits=ignore_waits) for alias in configured(aliases))


def configured(aliases: Iterable[str]) -> tuple[str, ...]:
    """Return the aliases, or those of all publishers if none is given.

    Raises:
        InvalidSetting: an alias is not configured.
    """
    return resolve_aliases(get_settings(), aliases)


class _NeverOpenBreaker(CircuitBreaker):
    """Counts failures like any other circuit breaker, but never stops deliveries."""

    @property
    def is_closed(self) -> bool:
        """Whether deliveries flow: always."""
        return True

    @property
    def is_open(self) -> bool:
        """Whether no attempt is allowed now: never."""
        return False


class _TryOnceClaimer(Claimer):
    """Claims each of the given deliveries at most once, and applies no rate limit.

    A relay would try a delivery again as soon as it has waited long enough, and send as many as
    the rate limit allows by then; here the result must not depend on the speed of the machine.

    Args:
        rows: the deliveries to claim from.
        probing: whether to claim although the circuit breaker in the database is open.
    """

    def __init__(
        self,
        rows: DeliveryQuerySet,
        alias: str,
        settings: Settings,
        breaker: CircuitBreaker,
        *,
        probing: bool,
    ) -> None:
        super().__init__(alias, settings, breaker)
        self.tried: set[int] = set()
        """Keys of the deliveries that were claimed."""
        self._rows = rows
        self._probing = probing

    def claim(self) -> list[Claimed]:
        """Claim a batch of deliveries that were not tried yet; one if the breaker is half-open."""
        is_closed = self.breaker.is_closed
        claimed = self._rows.exclude(pk__in=self.tried).claim(
            self._alias,
            limit=self.batch_size.current if is_closed else 1,
            lease=self._lease,
            probing=self._probing or not is_closed,
            on_poison=self.on_poison,
            relay=relay_name(),
        )
        self.tried.update(delivery.pk for delivery in claimed)
        return claimed


def _drain_one(rows: DeliveryQuerySet, alias: str, *, ignore_waits: bool) -> int:
    settings = get_settings()
    breaker = _NeverOpenBreaker(alias) if ignore_waits else CircuitBreaker(alias)
    claimer = _TryOnceClaimer(rows, alias, settings, breaker, probing=ignore_waits)
    lane = Lane(alias, settings, threading.Event(), claimer=claimer)
    lane.rescue_expired()
    if ignore_waits:
        rows.filter(publisher=alias).retry_now()
    if not rows.due(alias).exists():
        return 0  # a publisher that cannot be created does not matter then
    breaker.refresh()
    # A breaker that opens here ends it, however slow the machine is.
    is_half_open = not (breaker.is_closed or breaker.is_open)
    while (breaker.is_closed or is_half_open) and lane.run_once():
        is_half_open = False
    return Delivery.objects.filter(pk__in=claimer.tried, state__in=SETTLED_STATES).count()
