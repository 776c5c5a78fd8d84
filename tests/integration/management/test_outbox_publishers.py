"""manage.py outbox pause, resume and stats."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError

from dj_actions.models import Delivery, PublisherState
from dj_actions.operations import pause
from tests.fixtures.outbox import (
    STATES,
    MakeSent,
    Outbox,
    OutboxJSON,
    operations,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("two_publishers")]


# pause, resume


def test_publishers_are_paused_and_resumed(
    outbox: Outbox, outbox_json: OutboxJSON, ann: User
) -> None:
    why = ("--reason", "maintenance", "--as", "ann")

    assert outbox("pause", "memory", *why).splitlines() == ["memory: paused."]
    assert outbox_json("pause", "memory", "other", *why) == {
        "operation": "pause",
        "changed": ["other"],
        "unchanged": ["memory"],
    }
    assert PublisherState.objects.paused().count() == 2
    assert outbox("resume", "memory", *why).splitlines() == ["memory: resumed."]
    with pytest.raises(CommandError, match="memory: not paused"):
        outbox("resume", "memory", *why)
    assert [(event.label, event.object_id, event.actor_label) for event in operations()] == [
        ("publisher.pause", "memory", "ann"),
        ("publisher.pause", "other", "ann"),
        ("publisher.resume", "memory", "ann"),
    ]


def test_a_publisher_that_has_left_the_settings_can_be_resumed(outbox: Outbox) -> None:
    PublisherState.objects.pause("gone", by="", reason="x")

    assert outbox("resume", "gone", "--reason", "x").strip() == "gone: resumed."


def test_where_one_name_is_wrong_no_publisher_is_paused(outbox: Outbox) -> None:
    with pytest.raises(CommandError, match=r"no publisher 'oter' in .*\. Did you mean 'other'"):
        outbox("pause", "memory", "oter", "--reason", "x")
    assert not PublisherState.objects.exists()


# stats


def test_stats_show_the_queue_and_state_of_each_publisher(
    outbox: Outbox, outbox_json: OutboxJSON, of_all_states: dict[str, Delivery]
) -> None:
    pause("other", actor=None, reason="maintenance")
    memory, other = outbox_json("stats")

    assert {state: memory[state] for state in STATES} == dict.fromkeys(STATES, 1)
    assert memory["oldest_pending_seconds"] >= 0
    assert (memory["paused_at"], other["pause_reason"]) == (None, "maintenance")
    assert (other["pending"], other["oldest_pending_seconds"]) == (0, None)
    heading, first, second = outbox("stats").splitlines()
    assert heading.split()[:2] == ["PUBLISHER", "PENDING"]
    assert first.split()[:6] == ["memory", "1", "1", "1", "1", "1"]
    assert second.endswith("paused by the system: maintenance")
    assert outbox_json("stats", "--publisher", "other") == [other]


def test_stats_show_how_long_deliveries_took(
    outbox: Outbox, outbox_json: OutboxJSON, make_sent: MakeSent
) -> None:
    make_sent(waited=2, took=0.031)
    make_sent(ago=7200, waited=4, took=1.5)
    memory, other = outbox_json("stats")

    assert memory["timings"]["1 h"] == {
        "window": 3600,
        "deliveries": 1,
        "is_sample": False,
        "waiting": {"p50": 2, "p95": 2, "p99": 2},
        "sending": {"p50": 0.031, "p95": 0.031, "p99": 0.031},
        "running": None,
    }
    assert memory["timings"]["24 h"]["deliveries"] == 2
    assert other["timings"]["24 h"]["sending"] is None
    lines = outbox("stats").splitlines()
    heading, hour, day = lines[lines.index("") + 1 :]
    assert heading.split()[:3] == ["PUBLISHER", "LAST", "DELIVERED"]
    assert hour.split()[:4] == ["memory", "1", "h", "1"]
    assert "2 s / 2 s / 2 s" in hour
    assert "31 ms / 31 ms / 31 ms" in hour
    assert "31 ms / 1.5 s / 1.5 s" in day
