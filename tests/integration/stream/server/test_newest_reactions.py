"""The newest reactions are read off an index, whatever the number of all reactions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from dj_actions_stream.server.models import Reaction, ReactionCount
from dj_actions_stream.server.reading.newest_reactions import newest_children, newest_of_activities
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.fixtures.query_plans import explain, rows_read, scans_of

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
KINDS = ("like", "comment")


def fill(activity_id: UUID, count: int, *, parent: Reaction | None = None) -> list[Reaction]:
    """Add reactions of both kinds, of which three at a time have the same time, newest first."""
    reactions = [
        Reaction(
            id=uuid4(),
            kind=KINDS[number % 2],
            activity_id=activity_id,
            parent=parent,
            level=2 if parent else 1,
            user_id="ann",
            created_at=NOW + timedelta(seconds=number // 6),
            updated_at=NOW,
        )
        for number in range(count)
    ]
    Reaction.objects.bulk_create(reactions)
    for kind in KINDS:
        number = sum(reaction.kind == kind for reaction in reactions)
        ReactionCount.objects.change(parent.pk if parent else activity_id, kind, by=number)
    return sorted(reactions, key=lambda each: (each.created_at, each.pk), reverse=True)


def of_kind(reactions: Iterable[Reaction], kind: str) -> list[UUID]:
    return [reaction.pk for reaction in reactions if reaction.kind == kind]


def reactions_read(read: Callable[[], object]) -> float:
    """Return how many rows of reactions PostgreSQL read for the statements of `read`."""
    with CaptureQueriesContext(connection) as queries:
        read()
    plans = [explain(query["sql"]) for query in queries]
    return sum(rows_read(scans_of(plan, "feeds_server_reaction")) for plan in plans)


def test_the_newest_of_each_kind_of_each_activity() -> None:
    first, second, other = uuid4(), uuid4(), uuid4()
    filled = {first: fill(first, 40), second: fill(second, 3)}
    fill(other, 10)

    found = newest_of_activities([first, second], kinds=(), limit=5)
    for activity_id, reactions in filled.items():
        of_activity = [each for each in found if each.activity_id == activity_id]
        for kind in KINDS:
            assert of_kind(of_activity, kind) == of_kind(reactions, kind)[:5]
    assert {each.activity_id for each in found} == {first, second}


def test_the_kinds_can_be_chosen_and_deleted_reactions_are_left_out() -> None:
    activity_id = uuid4()
    reactions = fill(activity_id, 40)
    likes = of_kind(reactions, "like")
    Reaction.objects.filter(pk__in=likes[:4]).update(deleted_at=NOW)

    found = newest_of_activities([activity_id], kinds=["like", "clap"], limit=5)
    assert [reaction.pk for reaction in found] == likes[4:9]


def test_the_newest_children_of_all_kinds() -> None:
    activity_id = uuid4()
    parents = fill(activity_id, 3)
    children = {parent.pk: fill(activity_id, 12, parent=parent) for parent in parents[:2]}

    found = newest_children([parent.pk for parent in parents], limit=10)
    for parent in parents:
        expected = [each.pk for each in children.get(parent.pk, [])[:10]]
        assert [each.pk for each in found if each.parent_id == parent.pk] == expected


def test_more_groups_than_fit_into_a_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dj_actions_stream.server.reading.newest_reactions.MAX_RANGES", 3)
    activity_ids = [uuid4() for _ in range(4)]
    for activity_id in activity_ids:
        fill(activity_id, 8)

    assert len(newest_of_activities(activity_ids, kinds=(), limit=2)) == 4 * len(KINDS) * 2


@pytest.mark.postgres
def test_few_rows_are_read_of_many() -> None:
    activity_id = uuid4()
    (parent, *_) = fill(activity_id, 3000)
    fill(activity_id, 3000, parent=parent)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE feeds_server_reaction, feeds_server_reactioncount")

    reads: list[Callable[[], Any]] = [
        lambda: newest_of_activities([activity_id], kinds=(), limit=5),
        lambda: newest_children([parent.pk], limit=10),
    ]
    for read in reads:
        assert reactions_read(read) < 100
