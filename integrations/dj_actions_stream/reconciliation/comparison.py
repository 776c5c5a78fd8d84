"""Compare the records with the feeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dj_actions.exceptions import PublishError
from dj_actions.models import Delivery
from dj_actions.operations import replay_delivered
from dj_actions.states import DeliveryState
from dj_actions_stream.chunks import chunks
from dj_actions_stream.effects import Effect
from dj_actions_stream.publishing.base import FeedsPublisher
from dj_actions_stream.publishing.finding import ActivityFinder, Finding
from dj_actions_stream.reconciliation.records import (
    Selection,
    effects_of,
    later_changes_of,
    pages_of,
)

MAX_REPLAYED = 1000
"""Deliveries of one replay: all of them are listed in its record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """An activity that some of its feeds do not have."""

    delivery: int
    """Id of the delivery that has added it."""

    updates: tuple[int, ...]
    """Ids of later deliveries that have updated it."""

    finding: Finding


@dataclass(slots=True, kw_only=True)
class Comparison:
    """The result of comparing records with feeds."""

    checked: int = 0
    """Activities that should be in feeds."""

    missing: list[Missing] = field(default_factory=list)

    removed: int = 0
    """Activities that are not in their feeds because a later action has removed them."""

    unknown: int = 0
    """Activities of which it is not known whether all feeds have them."""

    skipped: int = 0
    """Deliveries whose activities are not known any more: their declaration has changed."""

    @property
    def deliveries(self) -> list[int]:
        """Ids of the deliveries to replay, without repetitions."""
        found = (key for entry in self.missing for key in (entry.delivery, *entry.updates))
        return sorted(set(found))


def compare(
    publisher: FeedsPublisher,
    selection: Selection,
    *,
    on_page: Callable[[Comparison], None] = lambda _: None,
) -> Comparison:
    """Compare what was delivered with what is in the feeds; change nothing.

    Args:
        publisher: the publisher that has delivered it.
        selection: which records are compared.
        on_page: called after each page of records with the result so far.

    Raises:
        PublishError: the destination did not respond, or responded with an error.
    """
    result, finder = Comparison(), publisher.activity_finder()
    for page in pages_of(selection.deliveries(publisher.alias, DeliveryState.DELIVERED)):
        _compare_page(publisher, selection, page, finder, result)
        on_page(result)
    return result


def publish_missing(comparison: Comparison, *, actor: Any, reason: str) -> int:
    """Replay the deliveries of what is missing; return how many.

    Args:
        comparison: what was found.
        actor: the user who does this, or None for the system itself.
        reason: why; recorded.

    Raises:
        InvalidAction: the reason is empty.
    """
    return sum(
        replay_delivered(Delivery.objects.matching(ids=ids), actor=actor, reason=reason).count
        for ids in chunks(comparison.deliveries, MAX_REPLAYED)
    )


def _compare_page(
    publisher: FeedsPublisher,
    selection: Selection,
    page: Sequence[Delivery],
    finder: ActivityFinder,
    result: Comparison,
) -> None:
    expected: list[tuple[Delivery, Effect]] = []
    for delivery in page:
        try:
            effects = effects_of(publisher, delivery)
        except PublishError:
            result.skipped += 1
        else:
            expected += [(delivery, effect) for effect in selection.effects(effects)]
    findings = finder.find([effect for _, effect in expected])
    for (delivery, _), finding in zip(expected, findings, strict=True):
        _record(publisher, delivery, finding, result)


def _record(
    publisher: FeedsPublisher, delivery: Delivery, finding: Finding, result: Comparison
) -> None:
    result.checked += 1
    if not finding.missing_from:
        result.unknown += bool(finding.unknown_in)
        return
    try:
        later = later_changes_of(publisher, delivery, finding.effect.id)
    except PublishError:
        result.skipped += 1
        return
    if later.is_removed:
        result.removed += 1
        return
    result.missing.append(Missing(delivery=delivery.pk, updates=later.updates, finding=finding))
