"""The pages of the records show the database that their operations change, never a replica."""

from __future__ import annotations

from typing import Any, cast

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from tests.conftest import MakeDelivery
from tests.integration.management.test_where_commands_read import ReplicaRouter
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True, databases=["default", "replica"]),
]


@pytest.mark.parametrize("page", ["delivery", "actionevent", "publisherstate"])
def test_lists_details_and_operations_read_no_replica(
    make_delivery: MakeDelivery, admin: User, settings: Settings, page: str
) -> None:
    dead = make_delivery(**POSSIBLE["dead"])
    browser = Client()
    browser.force_login(admin)
    settings.DATABASE_ROUTERS = [ReplicaRouter()]
    details = {"delivery": dead.pk, "actionevent": dead.event_id, "publisherstate": "memory"}
    url = f"/admin/dj_actions/{page}/"
    operation = {"delivery": "replay", "publisherstate": "pause"}.get(page)
    with CaptureQueriesContext(cast("Any", connections["replica"])) as queries:
        assert browser.get(url).status_code == 200
        assert browser.get(f"{url}{details[page]}/change/").status_code == 200
        if operation:
            selected = {"action": operation, "_selected_action": [details[page]]}
            assert browser.post(url, selected).status_code == 200
    # Django reads the choices of a filter, and the event of a delivery, as the routers want.
    rows = [query["sql"] for query in queries if f'FROM "dj_actions_{page}"' in query["sql"]]
    assert [sql for sql in rows if "DISTINCT" not in sql] == []
