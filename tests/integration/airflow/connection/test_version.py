"""The version of the server: requested once, and again after an outage."""

from __future__ import annotations

import pytest
from dj_actions_airflow.connection.features import Features

from dj_actions.exceptions import PublisherUnavailable
from tests.fixtures.destinations import failure_of
from tests.fixtures.scripted_server import Answer, Fault, Step, as_json, as_page
from tests.integration.airflow.destination import AirflowDestination

VERSION = "/api/v2/version"


def test_the_version_is_asked_for_once(destination: AirflowDestination) -> None:
    client = destination.client()

    assert [client.version, client.version] == ["3.3.2", "3.3.2"]
    assert client.features == Features.of("3.3.2")
    assert destination.server.count("GET", VERSION) == 1


@pytest.mark.parametrize("outage", [Fault.CUT, as_page(502)])
def test_after_an_outage_it_may_be_another(destination: AirflowDestination, outage: Step) -> None:
    client = destination.client()
    assert client.version == "3.3.2"
    destination.server.script(outage, at="/details")
    failure_of(lambda: client.call("GET", "/dags/reports/details", failure="Nothing"))
    destination.version = "3.4.0"

    assert client.version == "3.4.0"


@pytest.mark.parametrize(
    "answer", [as_page(403), as_page(404), as_json({}), as_json({"version": None})]
)
def test_a_server_that_does_not_tell_its_version_counts_as_the_oldest(
    destination: AirflowDestination, answer: Answer
) -> None:
    destination.server.script(answer, at=VERSION)
    client = destination.client()

    assert client.version == ""
    assert Features.of("") == Features()
    assert client.version == "3.3.2"


def test_a_server_that_does_not_respond_has_no_version(destination: AirflowDestination) -> None:
    destination.server.script(Fault.CUT, at=VERSION)
    client = destination.client()

    assert type(failure_of(lambda: client.version)) is PublisherUnavailable
