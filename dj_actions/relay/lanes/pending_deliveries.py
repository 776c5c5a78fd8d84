"""What a relay that ends by itself leaves pending, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dj_actions.conf import PublisherSettings, Settings
from dj_actions.models import Delivery, PublisherState
from dj_actions.outbox.queries import PendingCounts
from dj_actions.relay.claiming.claimer import on_poison_of
from dj_actions.relay.process.served_publishers import unknown_aliases


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingDeliveries:
    """The pending deliveries of one publisher, with what stops them."""

    publisher: str
    counts: PendingCounts

    state: PublisherState | None
    """What relays share about the publisher, as of the same time; None if they share nothing."""

    allowed_in: float = 0.0
    """Seconds until its rate limit allows a message."""

    is_configured: bool = True
    """Whether the publisher is in DJ_ACTIONS; if it is not, no relay serves it."""

    @property
    def is_paused(self) -> bool:
        """Whether an operator has paused the publisher."""
        return self.state is not None and self.state.paused_at is not None

    @property
    def is_breaker_open(self) -> bool:
        """Whether its circuit breaker allows no attempt yet."""
        until = self.state.open_until if self.state else None
        return self.state is not None and until is not None and until > self.state.read_at

    @property
    def is_claimable(self) -> bool:
        """Whether a relay could send one of them now."""
        is_stopped = self.is_paused or self.is_breaker_open or not self.is_configured
        return self.counts.due > self.counts.blocked and not is_stopped

    @property
    def is_held_back(self) -> bool:
        """Whether one is due, or would be if its publisher were not paused or failing."""
        is_stopped = self.is_paused or self.is_breaker_open or not self.is_configured
        return self.counts.due > 0 or (self.counts.later > 0 and is_stopped)


def pending_of(alias: str, settings: PublisherSettings | None) -> PendingDeliveries:
    """Return the pending deliveries of a publisher.

    Args:
        alias: the publisher.
        settings: its settings, or None if it is not configured.
    """
    rate = settings.rate_limit if settings else None
    on_poison = on_poison_of(settings) if settings else None
    return PendingDeliveries(
        publisher=alias,
        counts=Delivery.objects.count_pending(alias, on_poison=on_poison),
        state=PublisherState.objects.find(alias),
        allowed_in=PublisherState.objects.allowed_in(alias, rate=rate) if rate else 0.0,
        is_configured=settings is not None,
    )


def all_pending(
    found: Mapping[str, PendingDeliveries],
    settings: Settings,
    aliases: Iterable[str],
    *,
    unknown: bool,
) -> list[PendingDeliveries]:
    """Return what is left of several publishers.

    Args:
        found: what lanes have found; one that did not stop in time has found nothing.
        settings: the DJ_ACTIONS setting.
        aliases: the publishers.
        unknown: whether to add those that no relay can serve.
    """
    gone = unknown_aliases(settings.publishers) if unknown else []
    return [
        *(found.get(alias) or pending_of(alias, settings.publishers[alias]) for alias in aliases),
        *(pending_of(alias, None) for alias in gone),
    ]
