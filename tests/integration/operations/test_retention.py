"""The operations prune and archive: results, previews and limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dj_actions.models import ActionEvent, ArchivedActionEvent, Delivery
from dj_actions.operations import OperationResult, archive, prune, result
from dj_actions.states import DeliveryState
from tests.conftest import MakeEvent
from tests.fixtures.outbox import MakeSettled

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

DAY = 86_400.0


@pytest.fixture
def old_events(make_event: MakeEvent) -> list[ActionEvent]:
    """Three events, recorded 4, 3 and 2 days ago."""
    events = [make_event() for _ in range(3)]
    for event, days in zip(events, (4, 3, 2), strict=True):
        created_at = datetime.now(UTC) - timedelta(days=days)
        ActionEvent.objects.filter(pk=event.pk).update(created_at=created_at)
    return events


def test_prune_returns_the_deleted_deliveries_and_its_preview_the_same(
    make_settled: MakeSettled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(result, "MAX_IDS", 2)
    old = [make_settled("delivered", 2).pk for _ in range(3)]
    new = make_settled("delivered", 0.5)
    for dry_run in (True, False):
        done = prune(DeliveryState.DELIVERED, older_than=DAY, batch_size=1, dry_run=dry_run)
        assert done == OperationResult(count=3, ids=tuple(old[:2]), dry_run=dry_run)

    assert Delivery.objects.get() == new


def test_archive_returns_the_archived_events_and_its_preview_the_same(
    old_events: list[ActionEvent],
) -> None:
    before = datetime.now(UTC) - timedelta(days=2.5)
    ids = tuple(event.pk for event in old_events[:2])
    for dry_run in (True, False):
        done = archive(before=before, batch_size=1, dry_run=dry_run)
        assert done == OperationResult(count=2, ids=ids, dry_run=dry_run)

    assert ActionEvent.objects.get() == old_events[2]
    assert ArchivedActionEvent.objects.count() == 2


def test_without_a_time_the_setting_decides(old_events: list[ActionEvent]) -> None:
    assert archive().count == 3


def test_a_preview_does_not_create_the_file(old_events: list[ActionEvent], tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"

    assert archive(to_file=file, dry_run=True).count == 3
    assert not file.exists()


def test_a_batch_size_must_be_positive() -> None:
    with pytest.raises(ValueError, match="batch_size must be 1 or more"):
        prune(DeliveryState.DEAD, older_than=0, batch_size=0)
    with pytest.raises(ValueError, match="batch_size must be 1 or more"):
        archive(batch_size=-1)
