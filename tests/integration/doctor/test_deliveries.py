"""The checks of relays, publishers and deliveries."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from dj_actions.doctor import State, outbox, publishers, relays
from dj_actions.exceptions import PublisherMisconfigured
from dj_actions.models import Delivery, PublisherState
from dj_actions.outbox.queries import from_now
from dj_actions.relay.failures.circuit_breaker import CircuitBreaker
from tests.conftest import Declare, MakeDelivery, MakeEvent
from tests.fixtures.outbox import MEMORY
from tests.integration.doctor.conftest import HOST, See, messages, only
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = pytest.mark.django_db


def changed(delivery: Delivery, **values: Any) -> Delivery:
    """Change a row behind the back of the transitions."""
    Delivery.objects.filter(pk=delivery.pk).update(**values)
    return delivery


def leased(delivery: Delivery, *, ends: float) -> None:
    """Let a relay hold a delivery until so many seconds from now."""
    changed(
        delivery, state="sending", attempts=1, lease_token=uuid4(), lease_expires_at=from_now(ends)
    )


def test_a_relay_that_serves_all_publishers_is_fine(see: See) -> None:
    relay = see()
    finding = only(relays.check_relays(30))

    assert finding.state is State.OK
    assert finding.message == f"1 relay is running: {HOST}:{relay.pid}."


def test_two_relays_that_share_the_publishers_are_fine(settings: Settings, see: See) -> None:
    entry = settings.DJ_ACTIONS["PUBLISHERS"]["memory"]
    settings.DJ_ACTIONS = {"PUBLISHERS": {"memory": entry, "other": entry}}
    see()
    see(publishers=["other"])

    assert only(relays.check_relays(30)).message.startswith("2 relays are running: ")


def test_no_relay_is_a_warning_without_open_deliveries() -> None:
    assert messages(relays.check_relays(30)) == [
        (State.WARNING, "No relay was seen within 30 s; no open deliveries.")
    ]


def test_no_relay_is_a_problem_while_deliveries_are_pending(make_delivery: MakeDelivery) -> None:
    make_delivery()
    finding = only(relays.check_relays(30))

    assert finding.state is State.PROBLEM
    assert finding.message == "No relay was seen within 30 s; 1 delivery open."
    assert "run_relay" in finding.fix


def test_a_relay_that_fell_silent_is_named(see: See, make_delivery: MakeDelivery) -> None:
    relay = see(ago=600)
    make_delivery()
    finding = only(relays.check_relays(30))

    assert finding.state is State.PROBLEM
    assert f"the last was {HOST}:{relay.pid}, 10 min ago; 1 delivery open." in finding.message


def test_a_relay_that_was_killed_is_named_while_another_one_serves(see: See) -> None:
    alive = see()
    see(ago=120, host="web-2")
    finding = only(relays.check_relays(30))

    assert finding.state is State.WARNING
    assert finding.message == (
        f"1 relay is running: {HOST}:{alive.pid}. Killed or stuck: web-2:{alive.pid} (2 min ago)."
    )
    assert "See its log" in finding.fix


def test_of_many_killed_relays_five_are_named(see: See) -> None:
    see()
    for _ in range(7):
        see(ago=120)

    assert only(relays.check_relays(30)).message.endswith(", 2 more.")


def test_a_relay_that_was_killed_long_ago_and_replaced_is_no_news(see: See) -> None:
    see()
    see(ago=7200)

    assert only(relays.check_relays(30)).state is State.OK


def test_a_publisher_that_no_relay_serves_is_named(
    settings: Settings, see: See, make_delivery: MakeDelivery
) -> None:
    entry = settings.DJ_ACTIONS["PUBLISHERS"]["memory"]
    settings.DJ_ACTIONS = {"PUBLISHERS": {"memory": entry, "other": entry}}
    see()
    make_delivery()
    make_delivery(publisher="other")

    assert messages(relays.check_relays(30)) == [
        (State.PROBLEM, "No relay serves other; 1 delivery open.")
    ]


def test_without_publishers_no_relay_is_needed(settings: Settings) -> None:
    settings.DJ_ACTIONS = {}

    assert only(relays.check_relays(30)).state is State.OK


def test_publishers_that_send_are_fine() -> None:
    assert only(publishers.check_paused()).state is State.OK
    assert only(publishers.check_breakers()).state is State.OK


def test_a_paused_publisher_is_reported_with_actor_and_reason() -> None:
    PublisherState.objects.pause("memory", by="ann", reason="Moving house")
    finding = only(publishers.check_paused())

    assert finding.state is State.WARNING
    assert finding.message.startswith("memory has been paused by ann since 20")
    assert finding.message.endswith(" UTC: Moving house")
    assert "outbox resume memory" in finding.fix


def test_a_publisher_that_was_resumed_is_fine_again() -> None:
    PublisherState.objects.pause("memory", by="ann", reason="")
    PublisherState.objects.resume("memory")

    assert only(publishers.check_paused()).state is State.OK


def test_a_breaker_that_wrong_settings_opened_requires_a_restart() -> None:
    CircuitBreaker("memory").record(PublisherMisconfigured("401: no such user"), uuid4())
    finding = only(publishers.check_breakers())

    assert finding.message == "The circuit breaker of memory is open: 401: no such user"
    assert "restart the relays" in finding.fix


def test_an_open_breaker_is_a_problem_until_it_closes() -> None:
    PublisherState.objects.count_failure("memory")
    PublisherState.objects.open_breaker("memory", seconds=60, reason="502 Bad Gateway")
    finding = only(publishers.check_breakers())

    assert finding.state is State.PROBLEM
    assert "memory is open after 1 failure: 502 Bad Gateway" in finding.message
    assert "restart the relays" not in finding.fix

    PublisherState.objects.close_breaker("memory")
    assert only(publishers.check_breakers()).state is State.OK


def test_the_state_of_a_removed_publisher_is_not_reported() -> None:
    PublisherState.objects.pause("gone", by="ann", reason="")
    PublisherState.objects.open_breaker("gone", seconds=60, reason="")

    assert only(publishers.check_paused()).state is State.OK
    assert only(publishers.check_breakers()).state is State.OK


def test_deliveries_that_have_just_come_are_fine(make_delivery: MakeDelivery) -> None:
    make_delivery()

    assert messages(outbox.check_waiting(300)) == [
        (State.OK, "1 delivery pending, none for more than 5 min.")
    ]


def test_an_old_pending_delivery_is_reported_with_its_age(make_delivery: MakeDelivery) -> None:
    changed(make_delivery(), queued_at=from_now(-2 * 3600))
    make_delivery()
    changed(make_delivery(**POSSIBLE["dead"]), queued_at=from_now(-9 * 3600))
    finding = only(outbox.check_waiting(300))

    assert finding.state is State.WARNING
    assert finding.message.startswith("memory: 2 deliveries pending, the oldest for ")
    assert finding.message.endswith(("for 2 h.", "for 120 min."))


def test_only_the_publisher_with_an_old_one_is_reported(make_delivery: MakeDelivery) -> None:
    changed(make_delivery(publisher="slow"), queued_at=from_now(-3000))
    make_delivery()

    assert only(outbox.check_waiting(300)).message.startswith("slow: 1 delivery pending")


def test_dead_letters_are_counted_by_publisher(make_delivery: MakeDelivery) -> None:
    assert only(outbox.check_dead()).state is State.OK
    for publisher in ("first", "second", "second"):
        changed(
            make_delivery(publisher=publisher, **POSSIBLE["dead"]), settled_at=from_now(-5 * 86400)
        )
    make_delivery()

    assert messages(outbox.check_dead()) == [
        (State.WARNING, "first: 1 dead letter, the oldest for 5 d."),
        (State.WARNING, "second: 2 dead letters, the oldest for 5 d."),
    ]


def test_a_lease_that_ran_out_and_was_not_taken_over_is_a_problem(
    make_delivery: MakeDelivery,
) -> None:
    leased(make_delivery(), ends=-600)
    finding = only(outbox.check_leases(30))

    assert finding.state is State.PROBLEM
    assert finding.message.startswith("memory: 1 delivery with an expired lease, up to 10 min")


def test_leases_that_hold_or_have_just_ended_are_fine(make_delivery: MakeDelivery) -> None:
    leased(make_delivery(), ends=60)
    leased(make_delivery(), ends=-10)
    make_delivery()

    assert only(outbox.check_leases(30)).state is State.OK


def test_open_deliveries_to_a_publisher_that_is_gone_are_a_problem(
    make_delivery: MakeDelivery,
) -> None:
    make_delivery()
    assert only(outbox.check_unconfigured()).state is State.OK

    make_delivery(publisher="renamed")
    make_delivery(publisher="settled", **POSSIBLE["dead"])
    finding = only(outbox.check_unconfigured())
    assert finding.state is State.PROBLEM
    assert "1 open delivery for the publisher 'renamed'" in finding.message
    assert "outbox cancel --publisher renamed" in finding.fix


def test_open_deliveries_whose_route_was_removed_are_reported(
    settings: Settings, make_event: MakeEvent, make_delivery: MakeDelivery, declare: Declare
) -> None:
    entry = {"BACKEND": MEMORY, "ROUTES": ["todo.mark_*"]}
    settings.DJ_ACTIONS = {"PUBLISHERS": {"memory": entry, "bare": {"BACKEND": MEMORY}}}
    declare(publish=("bare",))
    make_delivery()
    make_delivery(publisher="bare", event=make_event(action="poke"))  # chosen by the action
    make_delivery(publisher="bare", event=make_event(action="gone"))
    assert only(outbox.check_routes()).state is State.OK
    assert run_checks(databases=["default"], tags=["database"]) == []

    make_delivery(event=make_event(action="archive"))
    make_delivery(event=make_event(action="archive"), **POSSIBLE["dead"])
    finding = only(outbox.check_routes())
    assert finding.state is State.WARNING
    assert finding.message.startswith("1 open delivery of todo.archive for the publisher 'memory'")
    assert "outbox cancel --publisher memory --action todo.archive" in finding.fix
    (message,) = run_checks(databases=["default"], tags=["database"])
    assert message.id == "dj_actions.W011"


def test_a_delivery_that_has_the_options_of_its_route_needs_the_route_no_longer(
    settings: Settings, make_event: MakeEvent, make_delivery: MakeDelivery
) -> None:
    entry = {"BACKEND": MEMORY, "ROUTES": ["todo.mark_*"]}
    settings.DJ_ACTIONS = {"PUBLISHERS": {"memory": entry}}
    for options in ({}, {"room": "a"}):
        make_delivery(event=make_event(action="archive"), options=options)

    assert only(outbox.check_routes()).state is State.OK
    assert run_checks(databases=["default"], tags=["database"]) == []


def test_remote_runs_that_do_not_advance_are_a_warning(make_delivery: MakeDelivery) -> None:
    for name in ("x", "x", "y"):
        hint = {"hint": f"DAG '{name}' is paused."}
        make_delivery(**POSSIBLE["running"], remote_report=hint)
    make_delivery(**POSSIBLE["running"])
    make_delivery(**POSSIBLE["succeeded"], remote_report={"hint": "It has ended."})

    assert messages(outbox.check_remote_runs()) == [
        (State.WARNING, "memory: 2 remote runs wait. DAG 'x' is paused."),
        (State.WARNING, "memory: 1 remote run waits. DAG 'y' is paused."),
    ]


def test_remote_runs_that_advance_are_fine(make_delivery: MakeDelivery) -> None:
    make_delivery(**POSSIBLE["running"])

    assert only(outbox.check_remote_runs()).state is State.OK
