"""Deliveries of one line arrive as they were committed, and do not keep other lines waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings
from tenacity import wait_fixed

from dj_actions.conf import get_settings
from dj_actions.context import ActionContext
from dj_actions.exceptions import PublisherUnavailable, PublishRejected
from dj_actions.messages import Message, Receipt
from dj_actions.models import ActionEvent, Delivery
from dj_actions.operations import discard
from dj_actions.outbox.queries import DeliveryQuerySet
from dj_actions.policies import OnPoison
from dj_actions.relay.lane import Lane
from dj_actions.states import DeliveryState
from example.todos.models import Todo
from tests.conftest import Declare, MakeTodo
from tests.fixtures.relay import RETRY, Queue
from tests.integration.relay.scripted import accept, script

pytestmark = pytest.mark.django_db

Configure = Callable[..., Lane]
Put = Callable[..., str]
ALL = ""
NO_LINE = ""


@pytest.fixture
def ordered(settings: Settings) -> Configure:
    """Make the first publisher keep an order; return a lane of it."""

    def ordered(on_poison: str = "park", batch_size: int = 10) -> Lane:
        entry = {
            "BACKEND": "tests.integration.relay.scripted.ScriptedPublisher",
            "RETRY": RETRY | {"wait": wait_fixed(100)},
            "BATCH_SIZE": batch_size,
            "ORDERING": "key",
            "ON_POISON": on_poison,
            "ROUTES": ["todo.*"],
        }
        settings.DJ_ACTIONS = {"PUBLISHERS": {"first": entry}}
        return Lane("first", get_settings(), threading.Event())

    return ordered


@pytest.fixture
def put(queue: Queue) -> Put:
    """Put one delivery into the line of a key; return the id of its event."""

    def put(key: str, object_ids: Sequence[str] = (), scope: str = "todo") -> str:
        about = list(object_ids) or [key]
        (delivery,) = queue(ordering_scope=scope, ordering_key=key, object_ids=about)
        return str(delivery.event_id)

    return put


@pytest.fixture
def fails() -> Iterator[dict[str, Exception]]:
    """What becomes of the messages with these ids."""
    failing: dict[str, Exception] = {}

    def behave(message: Message) -> Receipt:
        if str(message.id) in failing:
            raise failing[str(message.id)]
        return accept(message)

    script.behave = behave
    yield failing
    script.reset()


def sent() -> list[str]:
    return [str(message.id) for message in script.seen]


def work(lane: Lane) -> None:
    while lane.run_once():
        pass


def make_due() -> None:
    Delivery.objects.all().retry_now()


def test_what_is_tried_again_keeps_its_place(
    ordered: Configure, put: Put, fails: dict[str, Exception]
) -> None:
    lane = ordered()
    first, second, third = put("7"), put("7"), put("7")
    fails[first] = PublisherUnavailable("down")
    work(lane)
    assert sent() == [first]

    fails.clear()
    make_due()
    work(lane)
    assert sent() == [first, first, second, third]


def test_other_lines_flow_meanwhile(
    ordered: Configure, put: Put, fails: dict[str, Exception]
) -> None:
    lane = ordered()
    stuck, behind, other, another = put("7"), put("7"), put("8"), put("8")
    fails[stuck] = PublisherUnavailable("down")
    work(lane)

    assert sent() == [stuck, other, another]
    assert behind not in sent()


def test_a_batch_is_filled_with_many_of_one_line(ordered: Configure, put: Put) -> None:
    lane = ordered(batch_size=5)
    ids = [put("7") for _ in range(5)]

    assert lane.run_once()
    assert sent() == ids


@pytest.mark.parametrize(
    ("on_poison", "expected"),
    [
        ("block", []),
        ("park", ["other"]),
        ("skip", ["behind", "other"]),
        ("supersede", ["behind", "other"]),
    ],
)
def test_a_dead_letter_does_to_later_ones_what_is_set(
    ordered: Configure,
    put: Put,
    fails: dict[str, Exception],
    on_poison: str,
    expected: list[str],
) -> None:
    lane = ordered(on_poison, batch_size=1)
    poison = put("7")
    names = {put("7"): "behind", put("8"): "other"}
    fails[poison] = PublishRejected("no")
    work(lane)

    assert sorted(names[entry] for entry in sent()[1:]) == expected
    state = Delivery.objects.get(event__pk=poison).state
    assert state == (DeliveryState.CANCELLED if on_poison == "supersede" else DeliveryState.DEAD)


@pytest.mark.parametrize(
    ("dead", "arrives", "is_replaced"),
    [
        (("7",), ("8",), False),
        (("7",), (ALL, ["7", "8"]), True),
        (("7",), (ALL, ["8", "9"]), False),
        ((ALL, ["7"]), ("7",), True),
        ((ALL, ["7", "8"]), ("7",), False),
        ((ALL, ["7", "8"]), (ALL, ["8", "7", "9"]), True),
        ((ALL, ["7"], "=account:1"), (ALL, ["8"], "=account:1"), True),
        ((ALL, ["7"], "=account:1"), (ALL, ["7"], "=account:2"), False),
        ((ALL, ["7"], NO_LINE), (ALL, ["7"], NO_LINE), False),
    ],
)
@pytest.mark.parametrize("most_keys", [1000, 1])
def test_a_dead_letter_is_replaced_by_what_is_about_all_of_its_objects(
    ordered: Configure,
    put: Put,
    fails: dict[str, Exception],
    monkeypatch: pytest.MonkeyPatch,
    dead: tuple[Any, ...],
    arrives: tuple[Any, ...],
    is_replaced: bool,
    most_keys: int,
) -> None:
    monkeypatch.setattr("dj_actions.outbox.queries.transitions.MOST_KEYS", most_keys)
    lane = ordered("supersede")
    poison = put(*dead)
    fails[poison] = PublishRejected("no")
    put(*arrives)
    work(lane)

    state = Delivery.objects.get(event__pk=poison).state
    assert state == (DeliveryState.CANCELLED if is_replaced else DeliveryState.DEAD)


@pytest.mark.postgres
def test_what_is_replaced_costs_as_many_statements_for_one_as_for_many(
    ordered: Configure, put: Put, fails: dict[str, Exception], django_assert_num_queries: Any
) -> None:
    lane = ordered("supersede", batch_size=40)
    for number in range(20):
        fails[put(str(number))] = PublishRejected("no")
    work(lane)
    arriving = [put(str(number)) for number in range(20)]
    claimed = Delivery.objects.claim("first", limit=40, lease=60, on_poison=OnPoison.SUPERSEDE)
    receipts = [(entry, Receipt(id="x")) for entry in claimed]

    # Begin, settle, look, cancel, commit.
    with django_assert_num_queries(5):
        assert len(Delivery.objects.supersede(claimed[0].lease_token, receipts)) == len(arriving)
    assert Delivery.objects.filter(state=DeliveryState.CANCELLED).count() == 20


def test_what_arrives_and_what_it_replaces_is_written_down_in_one_transaction(
    ordered: Configure,
    put: Put,
    fails: dict[str, Exception],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lane = ordered("supersede")
    poison, later = put("7"), put("7")
    fails[poison] = PublishRejected("no")

    def fail(*_: object) -> None:
        raise RuntimeError("in between")

    monkeypatch.setattr(DeliveryQuerySet, "_cancel_replaced", fail)
    with pytest.raises(RuntimeError, match="in between"):
        work(lane)

    assert Delivery.objects.get(event__pk=later).state != DeliveryState.DELIVERED


@pytest.mark.parametrize("on_poison", ["block", "park"])
def test_what_a_dead_letter_keeps_waiting_flows_once_it_is_dealt_with(
    ordered: Configure, put: Put, fails: dict[str, Exception], on_poison: str
) -> None:
    lane = ordered(on_poison)
    poison, behind = put("7"), put("7")
    fails[poison] = PublishRejected("no")
    work(lane)
    assert sent() == [poison]

    fails.clear()
    Delivery.objects.all().replay()
    work(lane)
    assert sent() == [poison, poison, behind]


@pytest.mark.parametrize("on_poison", ["block", "park"])
def test_a_dead_letter_that_is_discarded_keeps_nothing_waiting(
    ordered: Configure,
    put: Put,
    fails: dict[str, Exception],
    on_poison: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    lane = ordered(on_poison)
    poison, behind = put("7"), put("7")
    fails[poison] = PublishRejected("no")
    work(lane)
    assert sent() == [poison]
    assert "waits until the dead letter" in caplog.text

    assert discard(Delivery.objects.all(), actor=None, reason="nobody wants it").count == 1
    work(lane)
    assert sent() == [poison, behind]
    assert ActionEvent.objects.get(action="discard").request_data["reason"] == "nobody wants it"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_one_relay_at_a_time_claims_of_an_ordered_publisher(ordered: Configure, put: Put) -> None:
    ordered()
    put("7")
    put("7")

    def claim() -> int:
        try:
            held = Delivery.objects.claim("first", limit=1, lease=60, on_poison=OnPoison.PARK)
            return len(held)
        finally:
            if threading.current_thread() is not threading.main_thread():
                connection.close()

    with ThreadPoolExecutor(1) as other, transaction.atomic():
        assert claim() == 1
        # What the first has claimed is not to be seen yet: the second must not pass it.
        assert other.submit(claim).result(20) == 0


def test_a_bulk_action_comes_after_all_earlier_and_before_all_later_of_its_model(
    ordered: Configure, put: Put, fails: dict[str, Exception]
) -> None:
    lane = ordered()
    first, other, bulk, later = put("7"), put("8"), put(ALL), put("9")
    fails[other] = PublisherUnavailable("down")
    work(lane)
    assert sent() == [first, other]

    fails.clear()
    make_due()
    work(lane)
    assert sent()[2:] == [other, bulk, later]


def test_nothing_is_claimed_behind_what_another_relay_holds(ordered: Configure, put: Put) -> None:
    ordered()
    put("7"), put("7"), put("8")

    def claim(limit: int) -> int:
        claimed = Delivery.objects.claim("first", limit=limit, lease=60, on_poison=OnPoison.PARK)
        return len(claimed)

    assert claim(1) == 1
    assert claim(10) == 1


def test_a_killed_relays_work_is_taken_over_in_order(ordered: Configure, put: Put) -> None:
    lane = ordered()
    ids = [put("7") for _ in range(3)]
    Delivery.objects.claim("first", limit=2, lease=60, on_poison=OnPoison.PARK)
    Delivery.objects.filter(state="sending").update(
        lease_expires_at=timezone.now() - timedelta(seconds=1)
    )
    work(lane)

    assert sent() == ids


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_what_a_person_is_changing_is_not_passed_by_those_behind_it(
    ordered: Configure, put: Put
) -> None:
    lane = ordered()
    first, second = put("7"), put("7")

    def work_elsewhere() -> None:
        try:
            work(lane)
        finally:
            connection.close()

    thread = threading.Thread(target=work_elsewhere)
    with transaction.atomic():
        Delivery.objects.filter(event__pk=first).retry_now()
        thread.start()
        wait_until_someone_waits()
        assert sent() == []
    thread.join(60)

    assert sent() == [first, second]


# Where a delivery stands


def line() -> tuple[str, str]:
    delivery = Delivery.objects.latest("pk")
    return delivery.ordering_scope, delivery.ordering_key


def test_an_action_stands_in_the_line_of_its_object(
    ordered: Configure, declare: Declare, make_todo: MakeTodo
) -> None:
    ordered()
    todo = make_todo()
    declare().run(object=todo)

    assert line() == ("todos.todo", str(todo.pk))


def test_a_bulk_action_stands_in_the_line_of_its_model(
    ordered: Configure, declare: Declare, make_todo: MakeTodo
) -> None:
    ordered()
    declare(bulk=True).run(objects=[make_todo(), make_todo()])

    assert line() == ("todos.todo", ALL)


def by_owner(_self: Any, context: ActionContext) -> str:
    return f"owner:{context.object.owner_id}"


def test_an_action_may_name_its_line(
    ordered: Configure, declare: Declare, make_todo: MakeTodo
) -> None:
    ordered()
    todo = make_todo()
    declare(ordering_key=by_owner).run(object=todo)

    assert line() == (f"=owner:{todo.owner_id}", ALL)


def test_publishers_without_an_order_know_no_lines(declare: Declare, todo: Todo) -> None:
    declare(publish=["first"]).run(object=todo)

    assert line() == ("", "")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_who_commits_late_comes_late_also_in_a_line_that_is_no_row(
    ordered: Configure, declare: Declare, make_todo: MakeTodo
) -> None:
    """The second, of another object, has to wait for the first one's commit for its place."""
    ordered()
    action = declare(ordering_key=by_owner)
    one, other = make_todo("one"), make_todo("other")
    done: list[int] = []

    def act() -> None:
        try:
            action.run(object=other)
            done.append(Delivery.objects.latest("pk").pk)
        finally:
            connection.close()

    thread = threading.Thread(target=act)
    with transaction.atomic():
        action.run(object=one)
        first = Delivery.objects.latest("pk").pk
        thread.start()
        wait_until_someone_waits()
        assert done == []
    thread.join(60)

    assert done
    assert done[0] > first


def wait_until_someone_waits() -> None:
    """Return once another session waits for a lock of ours."""
    with connection.cursor() as cursor:
        for _ in range(100_000):
            cursor.execute(
                "SELECT count(*) FROM pg_locks "
                "WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            (waiting,) = cursor.fetchone()
            if waiting:
                return
    raise AssertionError("Nobody waits.")
