"""Deliver what is due without a relay: in the test's own thread, on its own connection."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from dj_actions.conf import get_settings
from dj_actions.exceptions import InvalidSetting
from dj_actions.models import Delivery
from dj_actions.outbox.queries import DeliveryQuerySet
from dj_actions.policies import Ordering
from dj_actions.publishers import publishers
from dj_actions.relay.circuit_breaker import Breaker
from dj_actions.relay.delivery import deliver
from dj_actions.relay.rescue import rescue
from dj_actions.relay.settlement import Batch
from dj_actions.states import SETTLED_STATES
from dj_actions.text import did_you_mean


def drain(*aliases: str, ignore_waits: bool = False) -> int:
    """Deliver all that is due now, as `manage.py run_relay --drain` would.

    It starts no thread and does not sleep, so it works inside the transaction of a test. What
    fails is treated by the usual rules, and tried once: it then waits for its next try, or is
    dead.

    Args:
        aliases: the publishers to serve; all of them by default.
        ignore_waits: also try what waits for a later time, and go on where the circuit breaker
            would stop. Each delivery is tried once in one call: call it again for the next try.

    Returns:
        How many deliveries have been delivered or given up.

    Raises:
        InvalidSetting: an alias is not configured, or its publisher cannot be made.
    """
    return drain_rows(Delivery.objects.all(), aliases, ignore_waits=ignore_waits)


def drain_rows(
    rows: DeliveryQuerySet, aliases: Iterable[str], *, ignore_waits: bool = False
) -> int:
    """Do what `drain` does, but for the given deliveries only."""
    return sum(_drain_one(rows, alias, ignore_waits=ignore_waits) for alias in configured(aliases))


def configured(aliases: Iterable[str]) -> tuple[str, ...]:
    """Return the aliases, or all that there are if none is given.

    Raises:
        InvalidSetting: an alias is not configured.
    """
    known = get_settings().publishers
    chosen = tuple(aliases)
    for alias in chosen:
        if alias not in known:
            raise InvalidSetting(
                f"There is no publisher {alias!r} in DJ_ACTIONS['PUBLISHERS']."
                f"{did_you_mean(alias, known)}"
            )
    return chosen or tuple(known)


class _TirelessBreaker(Breaker):
    """Counts failures like any other, but never stops anything."""

    @property
    def is_closed(self) -> bool:
        """Whether all flows: always."""
        return True


def _drain_one(rows: DeliveryQuerySet, alias: str, *, ignore_waits: bool) -> int:
    settings = get_settings()
    own = settings.publishers[alias]
    rescue(alias, own.retry)
    if ignore_waits:
        rows.filter(publisher=alias).retry_now()
    if not rows.due(alias).exists():
        return 0
    on_poison = own.on_poison if own.ordering is Ordering.KEY else None
    publisher = publishers[alias]  # before a claim: if it cannot be made, nothing is held
    breaker = _TirelessBreaker(alias) if ignore_waits else Breaker(alias)
    # A lane of the relay would try again what has waited long enough meanwhile. Here that would
    # make the number of tries depend on how fast the machine is.
    tried: set[int] = set()
    while breaker.is_closed:
        claimed = rows.exclude(pk__in=tried).claim(
            alias,
            limit=own.batch_size,
            lease=settings.lease,
            probing=ignore_waits,
            on_poison=on_poison,
        )
        if not claimed:
            break
        tried.update(delivery.pk for delivery in claimed)
        batch = Batch(
            deliveries=claimed,
            publisher=publisher,
            policy=own.retry,
            breaker=breaker,
            on_poison=on_poison,
        )
        deliver(batch, threading.Event())
    return Delivery.objects.filter(pk__in=tried, state__in=SETTLED_STATES).count()
