"""The operations that the configured publishers offer for their deliveries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from dj_actions.conf import get_settings
from dj_actions.exceptions import InvalidSetting
from dj_actions.publishers.handler import publisher_class
from dj_actions.publishers.operations import (
    DeliveryOperation,
    OperationOutcome,
    OperationStatus,
)

if TYPE_CHECKING:
    from dj_actions.models import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An operation, and the publishers that offer it."""

    operation: DeliveryOperation

    aliases: tuple[str, ...]

    def concerns(self, delivery: Delivery) -> bool:
        """Return whether the operation can be run on a delivery."""
        return delivery.publisher in self.aliases and self.operation.applies(delivery)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeReport:
    """What became of an operation on some deliveries."""

    outcomes: Sequence[OperationOutcome]

    selected: int
    """How many deliveries were chosen."""

    done: int
    """Deliveries for which all was done."""

    others: Sequence[OperationOutcome]
    """The outcomes that are not `DONE`."""

    @classmethod
    def of(cls, outcomes: Sequence[OperationOutcome], *, selected: int) -> Self:
        """Count the outcomes; a delivery with several runs has several."""
        others = [entry for entry in outcomes if entry.status is not OperationStatus.DONE]
        done = {entry.delivery for entry in outcomes} - {entry.delivery for entry in others}
        return cls(outcomes=outcomes, selected=selected, done=len(done), others=others)

    @property
    def is_whole(self) -> bool:
        """Whether all was done for every delivery."""
        return self.done == self.selected

    @property
    def foreign(self) -> int:
        """How many of the deliveries have a publisher that does not offer the operation."""
        return self.selected - len({entry.delivery for entry in self.outcomes})


def offers_to(user: Any) -> list[Offer]:
    """Return the operations of the configured publishers that a user may run."""
    found: dict[str, Offer] = {}
    for alias, operation in _offered():
        earlier = found.get(operation.name)
        aliases = (*earlier.aliases, alias) if earlier else (alias,)
        found[operation.name] = Offer(operation=operation, aliases=aliases)
    return [offer for offer in found.values() if user.has_perm(offer.operation.permission)]


def recorded_resources() -> frozenset[str]:
    """Return the resources of the events that record operations of the configured publishers."""
    return frozenset(entry.resource for _, entry in _offered() if entry.resource)


def _offered() -> Iterator[tuple[str, DeliveryOperation]]:
    """Yield the operations of each configured publisher; `manage.py check` reports broken ones."""
    for alias, entry in get_settings().publishers.items():
        try:
            publisher = publisher_class(alias, entry)
        except InvalidSetting:
            continue
        for operation in publisher.delivery_operations():
            yield alias, operation
