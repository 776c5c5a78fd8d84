"""The destination counts what it receives; a rate is printed only if each message came once."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from uuid import UUID

import pytest

from benchmarks.child import ChildProcess
from benchmarks.destination.backlog import DeliveryError
from benchmarks.destination.benchmark import SERVER, figures_of
from benchmarks.destination.cells import Cell, plan_from
from benchmarks.destination.contenders import POOL, RELAY
from benchmarks.destination.publisher import HttpPublisher
from benchmarks.destination.received import (
    Arrival,
    rate_between,
    require_once,
    take_received,
)
from benchmarks.errors import BenchmarkError
from benchmarks.options import parse_options
from benchmarks.turns import Turn
from dj_actions.exceptions import PublisherUnavailable
from dj_actions.messages import Actor, Message

ID = UUID("01936f6e-0000-7000-8000-000000000001")


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """Run the destination in its own process, and yield its port."""
    with ChildProcess(SERVER, environment={}) as child:
        yield child.read()["port"]


@pytest.fixture
def port(server: int) -> int:
    take_received(server)
    return server


def message(number: int = 1) -> Message:
    return Message(
        id=UUID(int=ID.int + number),
        resource="todo",
        action="mark_done",
        version=1,
        object_id="7",
        object_ids=("7",),
        actor=Actor(id="3", label="ann"),
        data={"note": "Done."},
        result={"done": True},
        summary="ann finished todo 7",
        recipients=(),
        extra={},
        traceparent="",
        occurred_at=datetime(2026, 11, 1, tzinfo=UTC),
    )


def publisher(port: int, *, milliseconds: int = 0) -> HttpPublisher:
    return HttpPublisher(alias="destination", port=port, path=f"/{milliseconds}")


def test_what_a_publisher_sends_is_received_once_and_reported_once(port: int) -> None:
    with closing(publisher(port)) as sender:
        before = time.monotonic()
        receipts = [sender.publish(message(number)) for number in range(3)]

    arrivals = take_received(port)
    assert [arrival.id for arrival in arrivals] == [receipt.id for receipt in receipts]
    assert all(before <= arrival.at <= time.monotonic() for arrival in arrivals)
    assert take_received(port) == []


def test_the_destination_responds_after_the_time_in_its_path(port: int) -> None:
    with closing(publisher(port, milliseconds=100)) as sender:
        before = time.monotonic()
        sender.publish(message())
    assert time.monotonic() - before >= 0.1


def test_a_request_may_arrive_in_parts(port: int) -> None:
    body = json.dumps({"id": str(ID)}).encode()
    head = f"POST /0 HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for part in (head[:10], head[10:], body[:5], body[5:]):
            assert take_received(port) == []
            connection.sendall(part)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    assert [arrival.id for arrival in take_received(port)] == [str(ID)]


def test_a_destination_that_is_down_is_unavailable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(PublisherUnavailable):
            publisher(unused.getsockname()[1]).publish(message())


def test_a_message_that_was_received_twice_is_an_error() -> None:
    twice = [Arrival("a", 1.0), Arrival("b", 2.0), Arrival("a", 3.0)]
    require_once(twice[:2], available=3)
    with pytest.raises(DeliveryError, match="Of 3 messages, 1 were received again"):
        require_once(twice, available=4)


def test_messages_must_suffice_until_the_end() -> None:
    with pytest.raises(DeliveryError, match="All 1 messages were sent before"):
        require_once([Arrival("a", 1.0)], available=1)


def test_only_what_arrives_in_the_measured_time_counts() -> None:
    arrivals = [Arrival(str(at), at) for at in (0.9, 1.0, 1.5, 2.9, 3.0)]
    assert rate_between(arrivals, 1.0, 3.0) == 1.5


def test_a_ratio_is_that_of_the_relay_to_the_pool() -> None:
    turns = {
        POOL.name: [Turn(rate=100, cpu_microseconds=1)] * 2,
        RELAY.name: [Turn(rate=90, cpu_microseconds=2)] * 2,
    }
    figures = figures_of(Cell(milliseconds=5, concurrency=4), turns)
    assert figures.ratio.value == pytest.approx(0.9)


def test_the_plan_has_each_delay_with_each_concurrency() -> None:
    plan = plan_from(parse_options(["destination"]))
    assert (plan.rounds, plan.seconds, plan.turn_seconds, len(plan.cells)) == (5, 3, 4, 9)

    quick = plan_from(parse_options(["destination", "--quick"]))
    assert [str(cell) for cell in quick.cells] == [
        "0 ms, 4 at a time",
        "5 ms, 4 at a time",
        "50 ms, 4 at a time",
    ]
    own = ["--delays", "0.5", "10", "--concurrency", "2", "--seconds", "7", "--rounds", "3"]
    given = plan_from(parse_options(["destination", *own]))
    assert (given.rounds, given.seconds) == (3, 7)
    assert [cell.path for cell in given.cells] == ["/0.5", "/10"]


def test_one_round_is_rejected() -> None:
    with pytest.raises(BenchmarkError, match="at least 2 rounds, not 1"):
        plan_from(parse_options(["destination", "--rounds", "1"]))


@pytest.mark.parametrize("delay", ["-1", "inf", "nan"])
def test_a_delay_is_zero_or_more(delay: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_options(["destination", f"--delays={delay}"])
    assert f"{delay} is not zero or a number above it" in capsys.readouterr().err


def test_there_are_more_messages_than_can_be_sent() -> None:
    assert Cell(milliseconds=50, concurrency=16).messages_in(4) > 16 * (20 * 4 + 50)
    assert Cell(milliseconds=0, concurrency=1).messages_in(2) > 15_000
