"""What a publisher declares about itself."""

from __future__ import annotations

from typing import Any

import pytest
from dj_actions_airflow import AirflowPublisher
from dj_actions_stream import StreamPublisher

from dj_actions.messages import Message, Receipt
from dj_actions.publishers import BasePublisher
from dj_actions.publishers.console import ConsolePublisher
from dj_actions.publishers.memory import MemoryPublisher


@pytest.mark.parametrize("payload", ["data", ("data", "summary"), ("Data",)])
def test_a_payload_of_other_names_is_refused(payload: Any) -> None:
    with pytest.raises(TypeError, match="data, result, extra"):
        type("Mine", (BasePublisher,), {"payload": payload})


@pytest.mark.parametrize(
    ("publisher", "payload"),
    [
        (AirflowPublisher, set()),
        (MemoryPublisher, {"data", "result", "extra"}),
        (StreamPublisher, set()),
        (ConsolePublisher, {"data"}),
    ],
)
def test_a_publisher_says_what_it_sends(publisher: type[BasePublisher], payload: set[str]) -> None:
    assert set(publisher.payload) == payload


@pytest.mark.parametrize("lanes", [0, -1, 101, 1.5, "4", None])
def test_a_default_that_is_no_number_of_lanes_is_refused(lanes: Any) -> None:
    with pytest.raises(TypeError, match="an integer from 1 to 100"):
        type("Mine", (BasePublisher,), {"default_concurrency": lanes})


def test_a_publisher_that_says_nothing_sends_everything() -> None:
    class Mine(BasePublisher):
        def publish(self, message: Message) -> Receipt:
            return Receipt(id=str(message.id))

    assert set(Mine.payload) == {"data", "result", "extra"}
