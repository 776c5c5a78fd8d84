"""Deliveries with one ordering key arrive in the order of commits and block no other keys."""

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
from dj_actions.relay.lanes.lane import Lane
from dj_actions.states import DeliveryState
from example.todos.models import Todo
from tests.conftest import Declare, MakeTodo
from tests.fixtures.locks import wait_for_waiting_session
from tests.fixtures.relay import RETRY, Queue, delivered
from tests.integration.relay.scripted import accept, script

pytestmark = pytest.mark.django_db

Configure = Callable[..., Lane]
Put = Callable[..., str]
ALL = ""
NO_SCOPE = ""


@pytest.fixture
def ordered(settings: Settings) -> Configure:
    """Return a function that makes the first publisher keep an order and returns its lane."""

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
    """Return a function that queues a delivery with an ordering key and returns its event id."""

    def put(key: str, object_ids: Sequence[str] = (), scope: str = "todo") -> str:
        about = list(object_ids) or [key]
        (delivery,) = queue(ordering_scope=scope, ordering_key=key, object_ids=about)
        return str(delivery.event_id)

    return put


@pytest.fixture
def fails() -> Iterator[dict[str, Exception]]:
    """Event id → the error that its message raises."""
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


def test_a_retry_keeps_its_place(ordered: Configure, put: Put, fails: dict[str, Exception]) -> None:
    lane = ordered()
    first, second, third = put("7"), put("7"), put("7")
    fails[first] = PublisherUnavailable("down")
    work(lane)
    assert sent() == [first]

    fails.clear()
    make_due()
    work(lane)
    assert sent() == [first, first, second, third]


def test_other_ordering_keys_flow_meanwhile(
    ordered: Configure, put: Put, fails: dict[str, Exception]
) -> None:
    lane = ordered()
    stuck, behind, other, another = put("7"), put("7"), put("8"), put("8")
    fails[stuck] = PublisherUnavailable("down")
    work(lane)

    assert sent() == [stuck, other, another]
    assert behind not in sent()


def test_a_batch_is_filled_with_many_of_one_ordering_key(ordered: Configure, put: Put) -> None:
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
def test_a_dead_letter_affects_later_deliveries_as_configured(
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


def test_a_dead_letter_that_blocks_all_ends_its_batch(
    ordered: Configure, put: Put, fails: dict[str, Exception]
) -> None:
    lane = ordered("block", batch_size=10)
    earlier, poison, later = put("6"), put("7"), put("8")
    fails[poison] = PublishRejected("no")
    work(lane)

    assert sent() == [earlier, poison]
    waiting = Delivery.objects.get(event__pk=later)
    assert (waiting.state, waiting.attempts) == (DeliveryState.PENDING, 0)


def test_an_unordered_dead_letter_blocks_nothing(
    ordered: Configure, put: Put, fails: dict[str, Exception]
) -> None:
    lane = ordered("block", batch_size=10)
    poison, later = put("7", scope=NO_SCOPE), put("8")
    fails[poison] = PublishRejected("no")
    work(lane)

    assert sent() == [poison, later]


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
        ((ALL, ["7"], NO_SCOPE), (ALL, ["7"], NO_SCOPE), False),
    ],
)
@pytest.mark.parametrize("max_keys", [1000, 1])
def test_a_dead_letter_is_superseded_by_a_delivery_about_all_its_objects(
    ordered: Configure,
    put: Put,
    fails: dict[str, Exception],
    monkeypatch: pytest.MonkeyPatch,
    dead: tuple[Any, ...],
    arrives: tuple[Any, ...],
    is_replaced: bool,
    max_keys: int,
) -> None:
    monkeypatch.setattr("dj_actions.outbox.queries.transitions.MAX_KEYS", max_keys)
    lane = ordered("supersede")
    poison = put(*dead)
    fails[poison] = PublishRejected("no")
    put(*arrives)
    work(lane)

    state = Delivery.objects.get(event__pk=poison).state
    assert state == (DeliveryState.CANCELLED if is_replaced else DeliveryState.DEAD)


@pytest.mark.postgres
def test_superseding_many_costs_as_many_statements_as_superseding_one(
    ordered: Configure, put: Put, fails: dict[str, Exception], django_assert_num_queries: Any
) -> None:
    lane = ordered("supersede", batch_size=40)
    for number in range(20):
        fails[put(str(number))] = PublishRejected("no")
    work(lane)
    arriving = [put(str(number)) for number in range(20)]
    claimed = Delivery.objects.claim("first", limit=40, lease=60, on_poison=OnPoison.SUPERSEDE)
    arrived = [delivered(entry, Receipt(id="x")) for entry in claimed]

    # Begin, settle, read, cancel, commit.
    with django_assert_num_queries(5):
        assert len(Delivery.objects.supersede(claimed[0].lease_token, arrived)) == len(arriving)
    assert Delivery.objects.filter(state=DeliveryState.CANCELLED).count() == 20


def test_a_receipt_and_what_it_supersedes_are_settled_in_one_transaction(
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
def test_deliveries_behind_a_dead_letter_flow_once_it_is_resolved(
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
def test_a_discarded_dead_letter_blocks_nothing(
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
    assert "blocked until the dead letter" in caplog.text

    assert discard(Delivery.objects.all(), actor=None, reason="not needed").count == 1
    work(lane)
    assert sent() == [poison, behind]
    assert ActionEvent.objects.get(action="discard").request_data["reason"] == "not needed"


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
        # The first claim has not committed and is invisible: the second must not overtake it.
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


def test_nothing_is_claimed_behind_a_delivery_in_another_relay(
    ordered: Configure, put: Put
) -> None:
    ordered()
    put("7"), put("7"), put("8")

    def claim(limit: int) -> int:
        claimed = Delivery.objects.claim("first", limit=limit, lease=60, on_poison=OnPoison.PARK)
        return len(claimed)

    assert claim(1) == 1
    assert claim(10) == 1


def test_deliveries_of_a_killed_relay_are_taken_over_in_order(ordered: Configure, put: Put) -> None:
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
def test_a_locked_delivery_is_not_overtaken(ordered: Configure, put: Put) -> None:
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
        wait_for_waiting_session()
        assert sent() == []
    thread.join(60)

    assert sent() == [first, second]


# The ordering key of a delivery


def ordering_key() -> tuple[str, str]:
    delivery = Delivery.objects.latest("pk")
    return delivery.ordering_scope, delivery.ordering_key


def test_an_action_is_ordered_by_its_object(
    ordered: Configure, declare: Declare, make_todo: MakeTodo
) -> None:
    ordered()
    todo = make_todo()
    declare().run(object=todo)

    assert ordering_key() == ("todos.todo", str(todo.pk))


def test_a_bulk_action_is_ordered_by_its_model(
    ordered: Configure, declare: Declare, make_todo: MakeTodo
) -> None:
    ordered()
    declare(bulk=True).run(objects=[make_todo(), make_todo()])

    assert ordering_key() == ("todos.todo", ALL)


def by_owner(_self: Any, context: ActionContext) -> str:
    return f"owner:{context.object.owner_id}"


def test_an_action_may_define_its_ordering_key(
    ordered: Configure, declare: Declare, make_todo: MakeTodo
) -> None:
    ordered()
    todo = make_todo()
    declare(ordering_key=by_owner).run(object=todo)

    assert ordering_key() == (f"=owner:{todo.owner_id}", ALL)


def test_publishers_without_an_order_store_no_ordering_key(declare: Declare, todo: Todo) -> None:
    declare(publish=["first"]).run(object=todo)

    assert ordering_key() == ("", "")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_late_commit_comes_late_with_a_custom_ordering_key_too(
    ordered: Configure, declare: Declare, make_todo: MakeTodo
) -> None:
    """The second action, on another object, waits until the first one has committed."""
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
        wait_for_waiting_session()
        assert done == []
    thread.join(60)

    assert done
    assert done[0] > first
