"""manage.py outbox metrics."""

from __future__ import annotations

import re

import pytest

from dj_actions.models import Delivery, PublisherState
from dj_actions.operations import pause
from dj_actions.outbox.queries import from_now
from tests.conftest import MakeDelivery
from tests.fixtures.outbox import MakeSent, Outbox, OutboxJSON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]

SAMPLE = re.compile(r'(?P<name>[a-z_]+)\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)+\} -?\d+(?:\.\d+)?')
"""A line of Prometheus' text format, as far as these metrics use it."""


def samples(outbox: Outbox) -> dict[str, float]:
    """Return the value of each sample, by its name and labels."""
    lines = [line for line in outbox("metrics").splitlines() if not line.startswith("#")]
    assert all(SAMPLE.fullmatch(line) for line in lines)
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_deliveries_are_counted_by_state(
    outbox: Outbox, of_all_states: dict[str, Delivery]
) -> None:
    found = samples(outbox)

    for state in ("pending", "sending", "dead"):
        assert found[f'dj_actions_deliveries{{publisher="memory",state="{state}"}}'] == 1
        assert found[f'dj_actions_deliveries{{publisher="other",state="{state}"}}'] == 0
    assert not any('state="delivered"' in name for name in found)
    assert found['dj_actions_oldest_pending_seconds{publisher="memory"}'] >= 0


def test_publishers_that_are_stopped_are_marked(outbox: Outbox) -> None:
    pause("other", actor=None, reason="maintenance")
    PublisherState.objects.create(alias="memory", open_until=from_now(60))
    found = samples(outbox)

    assert found['dj_actions_publisher_paused{publisher="other"}'] == 1
    assert found['dj_actions_publisher_paused{publisher="memory"}'] == 0
    assert found['dj_actions_publisher_breaker_open{publisher="memory"}'] == 1


def test_the_timings_are_those_of_the_stats(
    outbox: Outbox, outbox_json: OutboxJSON, make_sent: MakeSent
) -> None:
    make_sent(waited=2, took=0.031)
    make_sent(ago=7200, waited=4, took=1.5)
    memory, _ = outbox_json("stats")
    found = samples(outbox)

    for measure in ("waiting", "sending"):
        for window in ("1 h", "24 h"):
            for percentile, quantile in (("p50", "0.5"), ("p95", "0.95"), ("p99", "0.99")):
                labels = (
                    f'publisher="memory",window="{window.replace(" ", "")}",quantile="{quantile}"'
                )
                value = memory["timings"][window][measure][percentile]
                assert found[f"dj_actions_{measure}_seconds{{{labels}}}"] == value
    assert found['dj_actions_recent_deliveries{publisher="memory",window="24h"}'] == 2
    assert not any(name.startswith("dj_actions_running_seconds") for name in found)


def test_each_metric_is_described_once(outbox: Outbox, make_sent: MakeSent) -> None:
    make_sent()
    lines = outbox("metrics").splitlines()
    described = [line.split()[2] for line in lines if line.startswith("# TYPE")]

    assert len(described) == len(set(described))
    assert {line.partition("{")[0] for line in lines if line[0] != "#"} == set(described)


def test_names_of_publishers_that_were_removed_are_escaped(
    outbox: Outbox, make_delivery: MakeDelivery
) -> None:
    make_delivery(publisher='a"\\\n')

    assert samples(outbox)['dj_actions_deliveries{publisher="a\\"\\\\\\n",state="pending"}'] == 1


def test_metrics_can_be_printed_as_json(
    outbox_json: OutboxJSON, make_delivery: MakeDelivery
) -> None:
    make_delivery()

    assert outbox_json("metrics")[0] == {
        "name": "dj_actions_deliveries",
        "labels": {"publisher": "memory", "state": "pending"},
        "value": 1,
    }
