"""The assertions pass when they should, and list what exists when they fail."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from pytest_django import Settings

from dj_actions.action import Action
from dj_actions.exceptions import ActionNotFound, InvalidAction
from dj_actions.testing import assert_delivered, assert_not_recorded, assert_recorded, drain
from example.todos.actions import BulkMarkDone, HandOver, MarkDone
from example.todos.models import Todo
from tests.conftest import Declare, MakeEvent, MakeTodo
from tests.integration.testing.conftest import Configure

pytestmark = pytest.mark.django_db


def message_of(failed: pytest.ExceptionInfo[AssertionError]) -> str:
    return str(failed.value)


# assert_recorded


@pytest.mark.parametrize("action", ["todo.mark_done", MarkDone])
def test_the_recorded_event_is_returned(ann: User, todo: Todo, action: Any) -> None:
    event = MarkDone.run(actor=ann, object=todo).event

    assert assert_recorded(action) == event


def test_several_recorded_events_are_returned_oldest_first(make_todo: MakeTodo) -> None:
    events = [MarkDone.run(object=make_todo()).event for _ in range(3)]

    assert assert_recorded(MarkDone, times=3) == events


def test_zero_times_is_allowed() -> None:
    assert assert_recorded(MarkDone, times=0) == []


def test_an_event_is_found_by_its_object(make_todo: MakeTodo) -> None:
    first, second = make_todo(), make_todo()
    MarkDone.run(object=first)
    event = MarkDone.run(object=second).event

    assert assert_recorded(MarkDone, object=second) == event
    assert assert_recorded(MarkDone, object=second.pk) == event
    assert assert_recorded(MarkDone, object=str(second.pk)) == event
    assert_not_recorded(MarkDone, object=second.pk + 1)


def test_an_event_of_a_bulk_action_is_found_by_each_of_its_objects(make_todo: MakeTodo) -> None:
    todos = [make_todo(), make_todo()]
    event = BulkMarkDone.run(objects=todos).event

    assert [assert_recorded(BulkMarkDone, object=todo) for todo in todos] == [event, event]


def test_an_event_is_found_by_who_acted(ann: User, bob: User, make_todo: MakeTodo) -> None:
    event = MarkDone.run(actor=ann, object=make_todo()).event
    anonymous = MarkDone.run(object=make_todo()).event

    assert assert_recorded(MarkDone, actor=ann) == event
    assert assert_recorded(MarkDone, actor=ann.pk) == event
    assert assert_recorded(MarkDone, actor="ann") == event
    assert assert_recorded(MarkDone, actor=AnonymousUser()) == anonymous
    assert_not_recorded(MarkDone, actor=bob)


def test_a_user_is_not_mistaken_for_one_whose_name_is_their_id(
    ann: User, make_event: MakeEvent
) -> None:
    make_event(actor_id="0", actor_label=str(ann.pk))

    assert_not_recorded(MarkDone, actor=ann)


def test_failures_are_found_by_their_status_code_only(make_event: MakeEvent) -> None:
    refused = make_event(status_code=403)
    accepted = make_event(status_code=201)

    assert assert_recorded("todo.mark_done") == accepted
    assert assert_recorded("todo.mark_done", status_code=201) == accepted
    assert assert_recorded("todo.mark_done", status_code=403) == refused
    assert_not_recorded("todo.mark_done", status_code=200)


def test_a_failed_assertion_shows_the_conditions_and_the_recorded_events(
    ann: User, make_event: MakeEvent
) -> None:
    make_event(actor_label="ann", status_code=403)
    make_event(action="hand_over", actor_label="bob")
    make_event(action="bulk_mark_done", object_id=None, object_ids=[str(n) for n in range(9)])

    with pytest.raises(AssertionError) as failed:
        assert_recorded("todo.mark_done", object=7, actor=ann)

    assert message_of(failed) == (
        "todo.mark_done (object 7, actor <User: ann>) was recorded 0 times instead of once. "
        "Recorded events:\n"
        "  todo.mark_done on 7 by ann: status 403\n"
        "  todo.hand_over on 7 by bob: status 200\n"
        "  todo.bulk_mark_done on 0, 1, 2, 3, 4, … by no actor: status 200"
    )


def test_a_failed_assertion_says_that_no_events_were_recorded() -> None:
    with pytest.raises(AssertionError) as failed:
        assert_recorded(MarkDone, times=2)

    assert message_of(failed) == (
        "todo.mark_done was recorded 0 times instead of 2 times. No events were recorded."
    )


def test_a_failed_assertion_lists_the_latest_events_and_counts_the_others(
    make_event: MakeEvent,
) -> None:
    for number in range(25):
        make_event(object_id=str(number))

    with pytest.raises(AssertionError) as failed:
        assert_recorded("todo.mark_done")

    title, more, *lines = message_of(failed).splitlines()
    assert title.startswith("todo.mark_done was recorded 25 times instead of once.")
    assert more == "  (5 earlier ones are not listed)"
    assert len(lines) == 20
    assert lines[-1] == "  todo.mark_done on 24 by no actor: status 200"


# assert_not_recorded


def test_the_absence_of_an_event_can_be_asserted(make_event: MakeEvent) -> None:
    make_event(status_code=500)
    make_event(action="hand_over")

    assert_not_recorded("todo.mark_done")


def test_an_unexpected_event_is_listed(make_event: MakeEvent) -> None:
    make_event()

    with pytest.raises(AssertionError) as failed:
        assert_not_recorded("todo.mark_done", object="7")

    assert message_of(failed) == (
        "todo.mark_done (object '7') was recorded once instead of 0 times. Recorded events:\n"
        "  todo.mark_done on 7 by no actor: status 200"
    )


def test_a_misspelled_label_is_an_error() -> None:
    with pytest.raises(ActionNotFound, match=r"todo.mark_dome. Did you mean 'todo.mark_done'"):
        assert_not_recorded("todo.mark_dome")
    with pytest.raises(ActionNotFound, match=r"mark_done\."):
        assert_not_recorded("mark_done")


def test_events_of_a_removed_action_can_be_asserted(make_event: MakeEvent) -> None:
    event = make_event(action="no_more")

    assert assert_recorded("todo.no_more") == event


def test_a_class_that_is_not_registered_is_refused() -> None:
    class Unregistered(MarkDone):
        """Its parent is registered, it is not."""

    class Other(Action):
        """Has no parent to be mistaken for."""

        def perform(self, context: Any, data: Any) -> None:
            """Do nothing."""

    for action in (Unregistered, Other):
        with pytest.raises(InvalidAction, match="is not registered"):
            assert_not_recorded(action)


# assert_delivered


def test_the_delivery_is_returned(configure: Configure, todo: Todo) -> None:
    event = MarkDone.run(object=todo).event
    drain()
    to_feeds, to_pipelines = event.deliveries.order_by("pk")

    assert assert_delivered("todo.mark_done", to="feeds") == to_feeds
    assert assert_delivered(MarkDone, to="pipelines") == to_pipelines
    assert assert_delivered(event, to="feeds") == to_feeds
    assert assert_delivered(MarkDone, times=2) == [to_feeds, to_pipelines]


def test_the_deliveries_of_one_event_are_not_those_of_another(
    configure: Configure, make_todo: MakeTodo
) -> None:
    first = HandOver.run(object=make_todo(), data={"to": "ann"}).event
    drain()
    second = HandOver.run(object=make_todo(), data={"to": "ann"}).event

    assert assert_delivered(first).event == first
    assert assert_delivered(HandOver).event == first
    assert assert_delivered(second, times=0) == []


def test_a_delivery_that_did_not_arrive_is_listed_with_its_last_error(
    configure: Configure, todo: Todo
) -> None:
    configure(times=9, error="PublishRejected")
    MarkDone.run(object=todo)
    drain("feeds")

    with pytest.raises(AssertionError) as failed:
        assert_delivered(MarkDone, to="feeds")

    assert message_of(failed) == (
        "todo.mark_done was delivered to 'feeds' 0 times instead of once. Its deliveries:\n"
        "  feeds: dead, 1 attempt, rejected: Simulated failure 1 of 9.\n"
        "  pipelines: pending, 0 attempts"
    )


def test_an_attempt_that_is_not_counted_was_an_attempt(configure: Configure, todo: Todo) -> None:
    configure(error="RateLimited")
    event = MarkDone.run(object=todo).event
    drain("feeds")

    with pytest.raises(AssertionError) as failed:
        assert_delivered(event, to="feeds")

    assert "feeds: pending, 0 attempts, rate limited: Simulated failure" in message_of(failed)
    assert "drain()" not in message_of(failed)


def test_a_delivery_that_was_not_attempted_is_listed_with_a_hint(
    configure: Configure, todo: Todo
) -> None:
    event = MarkDone.run(object=todo).event

    with pytest.raises(AssertionError) as failed:
        assert_delivered(event)

    assert message_of(failed) == (
        f"todo.mark_done ({event.pk}) was delivered 0 times instead of once. Its deliveries:\n"
        "  feeds: pending, 0 attempts\n"
        "  pipelines: pending, 0 attempts\n"
        "None of them was attempted yet: call drain() first."
    )


def test_more_deliveries_than_expected_are_listed(configure: Configure, todo: Todo) -> None:
    MarkDone.run(object=todo)
    drain()

    with pytest.raises(AssertionError, match="was delivered 2 times instead of once") as failed:
        assert_delivered(MarkDone)

    assert "  pipelines: delivered, 1 attempt" in message_of(failed)


def test_an_action_that_was_not_recorded_was_not_delivered(make_event: MakeEvent) -> None:
    make_event(status_code=409)

    with pytest.raises(AssertionError) as failed:
        assert_delivered("todo.mark_done")

    assert message_of(failed) == (
        "todo.mark_done was delivered 0 times instead of once. It was not recorded. "
        "Recorded events:\n"
        "  todo.mark_done on 7 by no actor: status 409"
    )


def test_an_action_without_deliveries_is_reported_with_the_configured_publishers(
    declare: Declare, todo: Todo
) -> None:
    declare(publish=()).run(object=todo)

    with pytest.raises(AssertionError) as failed:
        assert_delivered("todo.poke")

    assert message_of(failed) == (
        "todo.poke was delivered 0 times instead of once. It has no deliveries: no route "
        "matches, and `publish` lists no publisher. Configured publishers: memory."
    )


def test_a_publisher_that_is_not_configured_is_reported_with_the_nearest(
    configure: Configure, todo: Todo
) -> None:
    MarkDone.run(object=todo)

    with pytest.raises(AssertionError, match=r"no publisher 'feed' .* Did you mean 'feeds'"):
        assert_delivered(MarkDone, to="feed")


def test_deliveries_to_a_removed_publisher_can_be_asserted(
    configure: Configure, todo: Todo, settings: Settings
) -> None:
    MarkDone.run(object=todo)
    drain()
    settings.DJ_ACTIONS = {}

    assert assert_delivered(MarkDone, to="feeds").receipt_id


def test_the_deliveries_of_a_slip_of_the_pen_are_refused() -> None:
    with pytest.raises(ActionNotFound, match=r"Did you mean 'todo.mark_done'"):
        assert_delivered("todo.mark_dome", times=0)
