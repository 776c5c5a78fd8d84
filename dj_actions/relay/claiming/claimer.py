"""What a lane may claim now."""

from __future__ import annotations

from dj_actions.conf import PublisherSettings, Settings
from dj_actions.exceptions import InvalidSetting
from dj_actions.models import Delivery, PublisherState
from dj_actions.outbox.claimed import Claim, Claimed, Cursor, Scan
from dj_actions.policies import OnPoison, Ordering
from dj_actions.publishers.handler import import_publisher
from dj_actions.relay.claiming.batch_size import BatchSize
from dj_actions.relay.claiming.position import ClaimPosition
from dj_actions.relay.failures.circuit_breaker import CircuitBreaker
from dj_actions.relay.identity import relay_name
from dj_actions.relay.tuning import DEFAULT_TUNING, RelayTuning


def on_poison_of(settings: PublisherSettings) -> OnPoison | None:
    """Return how a dead letter affects later deliveries; None if the publisher keeps no order."""
    return settings.on_poison if settings.ordering is Ordering.KEY else None


def _min_batch_size(alias: str, settings: PublisherSettings) -> int:
    """Return the smallest size of a publisher's batches; 1 if its class cannot be imported.

    The lane imports it again before it claims, and reports why it cannot.
    """
    try:
        return import_publisher(alias, settings).min_batch_size
    except InvalidSetting:
        return 1


class Claimer:
    """Claims deliveries of one publisher, as its circuit breaker and its rate limit allow.

    Args:
        alias: the publisher.
        settings: the DJ_ACTIONS setting.
        breaker: the circuit breaker; if it is half-open, a claim takes one delivery.
    """

    def __init__(
        self,
        alias: str,
        settings: Settings,
        breaker: CircuitBreaker,
        tuning: RelayTuning = DEFAULT_TUNING,
    ) -> None:
        own = settings.publishers[alias]
        self.breaker = breaker
        self.position = ClaimPosition(tuning)
        self.on_poison = on_poison_of(own)
        """How a dead letter affects later deliveries, if the publisher keeps an order."""
        self._alias = alias
        self.batch_size = BatchSize(own.batch_size, tuning, minimum=_min_batch_size(alias, own))
        self._rate_limit = own.rate_limit
        self._lease = settings.lease

    def claim(self) -> list[Claimed]:
        """Claim a batch; one delivery, if the circuit breaker is half-open."""
        if not self.breaker.is_closed:
            return self._claim_probe()
        if self._rate_limit is not None:
            return self._claim_allowance(self._rate_limit)
        return self._claim_batch(self.batch_size.current)

    def seconds_until_turn(self) -> float:
        """Return how long the rate limit makes the due deliveries wait; zero without both."""
        if self._rate_limit is None or not Delivery.objects.due(self._alias).exists():
            return 0.0
        return PublisherState.objects.allowed_in(self._alias, rate=self._rate_limit)

    def _claim_probe(self) -> list[Claimed]:
        if not self.breaker.take_probe(seconds=self._lease):
            self.breaker.refresh()
            return []
        claimed = self._claim_batch(1, probing=True)
        if not claimed:
            self.breaker.return_probe()
        return claimed

    def _claim_allowance(self, rate: float) -> list[Claimed]:
        """Claim as many deliveries as the rate limit allows now."""
        if not Delivery.objects.due(self._alias).exists():
            return []  # taking an allowance writes to the database, even if it is not used
        allowed = PublisherState.objects.take_allowance(
            self._alias, wanted=self.batch_size.current, rate=rate
        )
        claimed = self._claim_batch(allowed) if allowed else []
        unused = allowed - len(claimed)
        if unused:
            PublisherState.objects.return_allowance(self._alias, unused=unused, rate=rate)
        return claimed

    def _claim_batch(self, limit: int, *, probing: bool = False) -> list[Claimed]:
        def scan_part(part: int | None, after: Cursor | None) -> Scan:
            return Delivery.objects.scan(
                Claim(
                    publisher=self._alias,
                    limit=limit,
                    lease=self._lease,
                    probing=probing,
                    after=after,
                    part=part,
                    on_poison=self.on_poison,
                    relay=relay_name(),
                )
            )

        return self.position.claim(scan_part)
