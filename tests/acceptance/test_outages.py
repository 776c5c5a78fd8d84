"""Outages of Airflow, and wrong settings: what waits, what ends as a dead letter, what recovers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress

import pytest

from dj_actions.execution.call import ActionResult
from dj_actions.models import Delivery
from dj_actions.states import DeliveryState, RemoteState
from example.launch.process import free_port
from example.launch.stack import Stack
from tests.acceptance.conftest import StartRelay, delivery, wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.airflow]

Act = Callable[..., ActionResult]


@contextmanager
def forwarded(port: int, to: int) -> Iterator[None]:
    """Forward one port of the loopback interface to another."""
    server = socket.create_server(("127.0.0.1", port))

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                target = socket.create_connection(("127.0.0.1", to))
                connections.extend((client, target))
                for pair in ((client, target), (target, client)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    connections: list[socket.socket] = []
    threading.Thread(target=serve, daemon=True).start()
    try:
        yield
    finally:
        with closing(server), suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        for connection in connections:
            connection.close()


def record_dag(result: ActionResult, dag_id: str) -> None:
    """Record another DAG with the delivery, as a route with another option would have."""
    Delivery.objects.filter(event=result.event, publisher="pipelines").update(
        options={"dag_id": dag_id}
    )


def test_while_airflow_is_down_only_its_deliveries_wait(
    stack: Stack, act: Act, start_relay: StartRelay
) -> None:
    port = free_port()
    result = act()
    start_relay(AIRFLOW_BASE_URL=f"http://127.0.0.1:{port}")
    wait_for(lambda: delivery(result, "feeds").state == DeliveryState.DELIVERED, "The feed")
    wait_for(lambda: bool(delivery(result, "pipelines").errors), "The first try")
    assert delivery(result, "pipelines").state in {DeliveryState.PENDING, DeliveryState.SENDING}
    with forwarded(port, to=stack.airflow_settings.api_port):
        wait_for(
            lambda: delivery(result, "pipelines").remote_state == RemoteState.SUCCEEDED,
            "The run, once Airflow is there",
        )


def test_wrong_credentials_stop_the_lane_and_leave_no_dead_letter(
    stack: Stack, act: Act, start_relay: StartRelay
) -> None:
    results = [act() for _ in range(3)]
    relay = start_relay(AIRFLOW_PASSWORD="wrong")
    waiting = Delivery.objects.filter(publisher="pipelines")
    wait_for(lambda: waiting.exclude(errors=[]).exists(), "The reason")
    wait_for(
        lambda: all(
            delivery(result, "feeds").state == DeliveryState.DELIVERED for result in results
        ),
        "The feeds",
    )
    (error,) = waiting.exclude(errors=[])[0].errors
    assert error["kind"] == "misconfigured"
    assert "refused the user 'admin'" in error["message"]
    relay.stop()
    assert {(entry.state, entry.attempts) for entry in waiting} == {("pending", 0)}
    assert "refused the user 'admin'" in relay.log.read_text()
    start_relay()
    wait_for(
        lambda: all(
            delivery(result, "pipelines").remote_state == RemoteState.SUCCEEDED
            for result in results
        ),
        "The runs, once the password is right",
    )


def test_an_unknown_dag_ends_as_a_dead_letter_that_names_it_and_can_be_replayed(
    act: Act, start_relay: StartRelay
) -> None:
    result = act()
    record_dag(result, "no_such_dag")
    relay = start_relay()
    wait_for(lambda: delivery(result, "pipelines").state == DeliveryState.DEAD, "The dead letter")
    dead = delivery(result, "pipelines")
    assert dead.attempts == 3
    assert "no_such_dag" in dead.errors[-1]["message"]
    relay.stop()
    record_dag(result, "todo_completed")
    assert Delivery.objects.filter(pk=dead.pk).replay() == 1
    start_relay()
    wait_for(
        lambda: delivery(result, "pipelines").remote_state == RemoteState.SUCCEEDED, "The replay"
    )


def test_params_that_the_dag_refuses_end_as_a_dead_letter_at_once_with_the_reason(
    act: Act, start_relay: StartRelay
) -> None:
    result = act()
    result.event.action = ""
    result.event.save()
    start_relay()
    wait_for(lambda: delivery(result, "pipelines").state == DeliveryState.DEAD, "The dead letter")
    dead = delivery(result, "pipelines")
    assert dead.attempts == 1
    assert "param action: '' should be non-empty" in dead.errors[-1]["message"]
