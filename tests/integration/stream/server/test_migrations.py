"""The migration of a server that has activities."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from dj_actions_stream.server.models import Activity, FeedEntry
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
APP = "feeds_server"


@pytest.mark.django_db(transaction=True)
def test_entries_get_their_time_and_activities_their_owner() -> None:
    executor = MigrationExecutor(connection)
    newest = [node for node in executor.loader.graph.leaf_nodes() if node[0] == APP]
    try:
        executor.migrate([(APP, "0001_initial")])
        apps = executor.loader.project_state([(APP, "0001_initial")]).apps
        activity = apps.get_model(APP, "Activity").objects.create(
            id=UUID(int=1), time=NOW, actor="a", verb="b", object="c"
        )
        entries = apps.get_model(APP, "FeedEntry").objects
        entries.create(activity=activity, feed="team:blue", source="user:eric")
        entries.create(activity=activity, feed="user:eric", source="user:eric")
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(newest)

    assert set(FeedEntry.objects.values_list("time", "origin")) == {(NOW, "")}
    assert Activity.objects.get().owner == "user:eric"
