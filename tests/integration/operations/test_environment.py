"""A copy of production's database, in another environment, sends nothing until it is adopted."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from dj_actions.conf import get_settings
from dj_actions.doctor import State, outbox
from dj_actions.exceptions import InvalidSetting
from dj_actions.models import ActionEvent, Delivery, PublisherState
from dj_actions.relay.lanes.lane import Lane
from dj_actions.states import DeliveryState
from tests.fixtures.outbox import OutboxJSON
from tests.fixtures.relay import Queue
from tests.integration.relay.scripted import script

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("scripted_publishers"),
]
MODES = pytest.mark.parametrize("mode", ["--drain", "--once", "--publisher=first"])


def be(settings: Settings, name: str, **entry: Any) -> None:
    """Let these settings be those of another environment."""
    publishers = {
        alias: {**own, **entry} for alias, own in settings.DJ_ACTIONS["PUBLISHERS"].items()
    }
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "ENVIRONMENT": name, "PUBLISHERS": publishers}


def drain() -> None:
    call_command("run_relay", "--drain")


def delivered() -> int:
    return Delivery.objects.filter(state=DeliveryState.DELIVERED).count()


def test_without_the_setting_nothing_is_bound(queue: Queue) -> None:
    queue(1)
    drain()
    assert delivered() == 1
    assert PublisherState.objects.environment() == ""
    assert list(outbox.check_environment()) == []


def test_the_first_relay_binds_the_data_and_later_ones_go_on(
    queue: Queue, settings: Settings
) -> None:
    be(settings, "production")
    for count in (1, 2):
        queue(1)
        drain()
        assert delivered() == count
    assert PublisherState.objects.environment() == "production"


@MODES
@pytest.mark.parametrize("here", ["staging", ""])
@pytest.mark.parametrize("ordering", ["none", "key"])
def test_a_relay_of_another_environment_refuses(
    queue: Queue, settings: Settings, mode: str, here: str, ordering: str
) -> None:
    be(settings, "production", ORDERING=ordering)
    drain()
    be(settings, here)
    queue(2)
    with pytest.raises(CommandError, match="belong to the environment 'production'"):
        call_command("run_relay", mode)
    assert script.seen == []


@pytest.mark.parametrize("ordering", ["none", "key"])
def test_a_database_that_is_replaced_while_a_relay_runs_is_not_sent(
    queue: Queue, settings: Settings, lane: Lane, ordering: str
) -> None:
    be(settings, "staging", ORDERING=ordering)
    lane = Lane("first", get_settings(), lane._stopping)
    queue(1)
    assert lane.run_once()
    PublisherState.objects.adopt_environment("production")
    queue(1)
    with pytest.raises(InvalidSetting, match="outbox adopt"):
        lane.run_once()
    assert len(script.seen) == 1


def test_an_adopted_copy_is_sent_and_the_takeover_is_recorded(
    queue: Queue, settings: Settings, ann: User, outbox_json: OutboxJSON
) -> None:
    be(settings, "production")
    drain()
    be(settings, "staging")
    queue(1)
    adopted = outbox_json("adopt", "--reason", "copy", "--as", "ann")
    assert adopted == {"operation": "adopt", "environment": "staging", "changed": True}
    drain()
    assert delivered() == 1
    event = ActionEvent.objects.get(resource="environment")
    assert (event.label, event.object_id, event.actor_label) == (
        "environment.adopt", "staging", "ann"
    )  # fmt: skip
    assert event.request_data == {"reason": "copy", "from": "production", "to": "staging"}
    assert outbox_json("adopt", "--reason", "copy")["changed"] is False


def test_the_guard_can_be_taken_off(queue: Queue, settings: Settings) -> None:
    be(settings, "production")
    drain()
    be(settings, "")
    call_command("outbox", "adopt", "--reason", "no guard", stdout=io.StringIO())
    queue(1)
    drain()
    assert delivered() == 1


def test_check_and_doctor_report_it(settings: Settings) -> None:
    be(settings, "production")
    assert run_checks(databases=["default"], tags=["database"]) == []
    drain()
    assert [finding.state for finding in outbox.check_environment()] == [State.OK]
    be(settings, "staging")
    assert [found.id for found in run_checks(databases=["default"], tags=["database"])] == [
        "dj_actions.E005"
    ]
    (finding,) = outbox.check_environment()
    assert finding.state is State.PROBLEM
    assert "'production'" in finding.message


def test_the_row_of_the_environment_is_no_publisher(
    settings: Settings, outbox_json: OutboxJSON, admin: User
) -> None:
    be(settings, "production")
    drain()
    assert [row["publisher"] for row in outbox_json("stats")] == ["first", "second"]
    with pytest.raises(CommandError, match="no publisher ''"):
        call_command("outbox", "resume", "", "--reason", "x")
    browser = Client()
    browser.force_login(admin)
    page = browser.get("/admin/dj_actions/publisherstate/")
    assert [row.alias for row in page.context["cl"].result_list] == ["first", "second"]


@pytest.mark.parametrize("value", [1, None, "x" * 256, "a\0b"])
def test_a_name_that_is_none_is_refused(settings: Settings, value: object) -> None:
    settings.DJ_ACTIONS = {"ENVIRONMENT": value}
    with pytest.raises(InvalidSetting, match="ENVIRONMENT"):
        get_settings()
