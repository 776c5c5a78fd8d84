"""The check of how long deliveries took."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from dj_actions.doctor import State, timings
from tests.fixtures.outbox import MEMORY, MakeSent
from tests.integration.doctor.conftest import messages, only

pytestmark = pytest.mark.django_db


def test_without_deliveries_there_is_nothing_to_report() -> None:
    assert messages(timings.check_timings(300)) == [
        (State.OK, "Nothing was delivered in the last hour.")
    ]


def test_each_publisher_has_its_numbers(settings: Settings, make_sent: MakeSent) -> None:
    entry = {"BACKEND": MEMORY}
    settings.DJ_ACTIONS = {"PUBLISHERS": {"memory": entry, "other": entry, "idle": entry}}
    make_sent(waited=2, took=0.031)
    make_sent(publisher="other")
    memory, other = messages(timings.check_timings(300))

    assert memory == (
        State.OK,
        (
            "memory: 1 delivery of the last hour: waited 2 s (p50), 2 s (p99); "
            "took 31 ms (p50), 31 ms (p99)."
        ),
    )
    assert other[1].startswith("other: ")


def test_deliveries_that_waited_too_long_are_a_warning(make_sent: MakeSent) -> None:
    make_sent(waited=400)
    finding = only(timings.check_timings(300))

    assert finding.state is State.WARNING
    assert "waited for more than 5 min" in finding.message
    assert finding.fix


def test_what_arrived_earlier_does_not_matter(make_sent: MakeSent) -> None:
    make_sent(ago=7200, waited=400)

    assert only(timings.check_timings(300)).state is State.OK
