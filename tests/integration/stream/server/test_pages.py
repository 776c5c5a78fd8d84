"""A page is read off one index, whatever the size of the feed and of the table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from dj_actions_stream.server.identity import id_from_pair
from dj_actions_stream.server.models import Activity, FeedEntry
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.reading.pagination import Page
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.integration.stream.server.calls import FEED, Caller

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ERIC = FeedId(slug="user", user_id="eric")


def fill(feed: str, count: int, *, start: datetime = NOW) -> list[UUID]:
    """Add activities, one second apart, and return their ids, newest first."""
    times = [start + timedelta(seconds=number) for number in range(count)]
    ids = [id_from_pair(f"{feed} {number}", time) for number, time in enumerate(times)]
    Activity.objects.bulk_create(
        Activity(id=pk, time=time, actor="a", verb="b", object="c")
        for pk, time in zip(ids, times, strict=True)
    )
    FeedEntry.objects.insert_missing(
        FeedEntry(activity_id=pk, time=time, feed=feed, source=feed, origin="")
        for pk, time in zip(ids, times, strict=True)
    )
    return ids[::-1]


def plan_of(page: Page) -> list[dict[str, Any]]:
    """Return the nodes of the plan by which PostgreSQL found the entries of a page."""
    with CaptureQueriesContext(connection) as queries:
        page.read(ERIC)
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + queries[0]["sql"])
        (explained,) = cursor.fetchone()
    nodes, pending = [], [explained[0]["Plan"]]
    while pending:
        node = pending.pop()
        nodes.append(node)
        pending += node.get("Plans", [])
    return nodes


@pytest.mark.postgres
@pytest.mark.parametrize("where", ["first", "deep", "newer"])
def test_a_page_touches_as_many_rows_as_it_shows(where: str) -> None:
    # The feed's activities are all older than those of another, larger feed.
    fill("user:anna", 3000, start=NOW + timedelta(days=1))
    ids = fill("user:eric", 3000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE feeds_server_activity, feeds_server_feedentry")
    bounds = {"first": {}, "deep": {"id_lt": ids[1500]}, "newer": {"id_gt": ids[500]}}[where]
    nodes = plan_of(Page(limit=25, offset=0, bounds=bounds))

    (scan,) = [node for node in nodes if "Scan" in node["Node Type"]]
    assert scan["Index Name"] == "feeds_entry_page"
    assert scan["Actual Rows"] <= 30
    assert not any("Sort" in node["Node Type"] for node in nodes)


def test_a_page_takes_two_statements(call: Caller) -> None:
    fill("user:eric", 60)
    with CaptureQueriesContext(connection) as queries:
        call("GET", FEED)

    assert len(queries) == 2


def test_entries_of_one_activity_count_once() -> None:
    ids = fill("user:eric", 6)
    FeedEntry.objects.insert_missing(
        FeedEntry(
            activity_id=entry.activity_id,
            time=entry.time,
            feed="user:eric",
            source="user:anna",
            origin=origin,
        )
        for entry in list(FeedEntry.objects.all())
        for origin in ("", "user:anna", "topic:milk")
    )

    def read(offset: int = 0, **bounds: UUID) -> tuple[list[UUID], bool]:
        shown, has_more = Page(limit=2, offset=offset, bounds=bounds).read(ERIC)
        return [item.activity.pk for item in shown], has_more

    assert read() == (ids[:2], True)
    assert read(offset=4) == (ids[4:], False)
    assert read(id_lt=ids[1]) == (ids[2:4], True)
    assert read(id_lte=ids[1], id_gte=ids[1]) == ([ids[1]], False)
