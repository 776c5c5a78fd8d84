"""The check that destinations are reachable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Warning, run_checks  # noqa: A004
from pytest_django import Settings

from dj_actions.doctor import State, publishers
from dj_actions.exceptions import PublisherMisconfigured, PublisherUnavailable, RateLimited
from dj_actions.messages import Message, Receipt
from dj_actions.publishers import BasePublisher
from tests.integration.doctor.conftest import messages, only

HERE = "tests.integration.doctor.test_reachability"
closed: list[str] = []


class Checked(BasePublisher):
    """A publisher whose destination is reachable, or fails with a given error."""

    def __init__(
        self,
        *,
        alias: str,
        error: Exception | None = None,
        deployed: Sequence[CheckMessage | Exception] = (),
    ) -> None:
        super().__init__(alias=alias)
        self._error = error
        self._deployed = deployed

    def publish(self, message: Message) -> Receipt:
        return Receipt(id="1")

    def check_reachable(self) -> bool:
        if self._error:
            raise self._error
        return True

    def check_deployed(self) -> Iterator[CheckMessage]:
        for found in self._deployed:
            if isinstance(found, Exception):
                raise found
            yield found

    def close(self) -> None:
        closed.append(self.alias)


def configure(settings: Settings, **publishers: dict[str, Any]) -> None:
    settings.DJ_ACTIONS = {
        "PUBLISHERS": {
            alias: {"BACKEND": f"{HERE}.Checked", "OPTIONS": options}
            for alias, options in publishers.items()
        }
    }


def test_a_destination_that_is_reachable_is_fine_and_its_publisher_is_closed(
    settings: Settings,
) -> None:
    closed.clear()
    configure(settings, feeds={})

    assert messages(publishers.check_reachability()) == [(State.OK, "feeds is reachable.")]
    assert closed == ["feeds"]


def test_each_unreachable_destination_is_a_problem(settings: Settings) -> None:
    closed.clear()
    away = {"error": PublisherUnavailable("Connection refused")}
    broken = {"error": ZeroDivisionError("one line\nand another")}
    configure(settings, away=away, broken=broken, fine={})

    assert messages(publishers.check_reachability()) == [
        (State.PROBLEM, "away is not reachable: Connection refused"),
        (State.PROBLEM, "broken is not reachable: one line and another"),
        (State.OK, "fine is reachable."),
    ]
    assert closed == ["away", "broken", "fine"]


def test_a_destination_that_limits_the_rate_is_a_warning(settings: Settings) -> None:
    configure(settings, busy={"error": RateLimited("429", retry_after=5)})

    assert only(publishers.check_reachability()).state is State.WARNING


def test_a_destination_that_rejects_our_credentials_needs_other_options(settings: Settings) -> None:
    configure(settings, feeds={"error": PublisherMisconfigured("No such key")})
    finding = only(publishers.check_reachability())

    assert finding.state is State.PROBLEM
    assert "restart the relays" in finding.fix


def test_a_publisher_without_a_reachability_check_is_fine() -> None:
    assert messages(publishers.check_reachability()) == [
        (State.OK, "memory has no reachability check.")
    ]


def test_a_publisher_that_cannot_be_made_is_left_to_the_check_of_the_settings(
    settings: Settings,
) -> None:
    configure(settings, feeds={"unknown": 1})

    assert messages(publishers.check_reachability()) == []


PAUSED = Warning("DAG 'a' is paused.", hint="Unpause it.", id="feeds.W001")
MISSING = Error("There is no DAG 'b'.", id="feeds.E001")


def test_what_the_routes_name_at_the_destination_is_reported(settings: Settings) -> None:
    configure(settings, feeds={"deployed": [PAUSED, MISSING]})

    assert messages(publishers.check_reachability()) == [
        (State.OK, "feeds is reachable."),
        (State.WARNING, "DAG 'a' is paused. (feeds.W001)"),
        (State.PROBLEM, "There is no DAG 'b'. (feeds.E001)"),
    ]


def test_a_destination_that_is_not_reachable_is_asked_no_more(settings: Settings) -> None:
    configure(settings, feeds={"error": PublisherUnavailable("away"), "deployed": [MISSING]})

    assert len(messages(publishers.check_reachability())) == 1


def test_check_deploy_says_the_same_and_check_uses_no_network(settings: Settings) -> None:
    closed.clear()
    configure(settings, feeds={"deployed": [PAUSED]}, pipelines={"deployed": [MISSING]})

    assert not any(one in (PAUSED, MISSING) for one in run_checks(tags=["dj_actions"]))
    found = run_checks(tags=["dj_actions"], include_deployment_checks=True)
    assert [message for message in found if message in (PAUSED, MISSING)] == [PAUSED, MISSING]
    assert closed == ["feeds", "pipelines"]


def test_check_deploy_warns_of_a_destination_that_says_nothing(settings: Settings) -> None:
    configure(settings, feeds={"deployed": [PAUSED, PublisherUnavailable("Connection refused")]})
    found = run_checks(tags=["dj_actions"], include_deployment_checks=True)

    (message,) = [message for message in found if message.id == "dj_actions.W012"]
    assert "cannot be checked: PublisherUnavailable: Connection refused" in message.msg
    assert PAUSED in found
