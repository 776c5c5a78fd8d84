"""What the publisher does is the same with each version."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from dj_actions_airflow import AirflowPublisher
from dj_actions_airflow.connection.features import Features
from dj_actions_airflow.connection.transport import Response, Transport

from dj_actions.exceptions import DestinationNotFound, PublisherMisconfigured
from dj_actions.messages import Message
from dj_actions.states import RemoteState
from dj_actions.testing.contract import PublisherContract, make_message
from example.launch.airflow import Airflow
from tests.acceptance.conftest import wait_for
from tests.airflow_matrix.conftest import Version

pytestmark = [pytest.mark.airflow, pytest.mark.postgres, pytest.mark.slow]

OTHER_RUNS = 101
"""More than a page."""


class Api:
    """Airflow's API, without any of our code."""

    def __init__(self, airflow: Airflow) -> None:
        self._base_url = airflow.base_url
        credentials = {"username": airflow.username, "password": airflow.password}
        self.token = self._send("POST", "/auth/token", credentials)["access_token"]

    def run_ids(self, dag_id: str) -> list[str]:
        """Return the newest runs of a DAG."""
        path = f"/api/v2/dags/{dag_id}/dagRuns?limit=100&order_by=-id"
        return [run["dag_run_id"] for run in self._send("GET", path)["dag_runs"]]

    def pause(self, dag_id: str, *, is_paused: bool) -> None:
        """Let the runs of a DAG stay queued, or not."""
        self._send("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": is_paused})

    def delete(self, dag_id: str, run_id: str) -> None:
        """Delete a run."""
        self._send("DELETE", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")

    def _send(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if (token := vars(self).get("token")) else {}
        response = urllib3.request(
            method, f"{self._base_url}{path}", json=body, headers=headers, timeout=30
        )
        assert response.status < 300, (response.status, response.data)
        return json.loads(response.data or b"null")


@pytest.fixture(scope="session")
def api(airflow: Airflow) -> Api:
    """The API of the running Airflow."""
    return Api(airflow)


@pytest.fixture
def publisher(airflow: Airflow) -> Iterator[AirflowPublisher]:
    """A publisher to it."""
    publisher = publisher_of(airflow)
    yield publisher
    publisher.close()


def publisher_of(airflow: Airflow, **options: Any) -> AirflowPublisher:
    """Return a publisher with the admin's credentials, or others."""
    defaults = {
        "base_url": airflow.base_url,
        "username": airflow.username,
        "password": airflow.password,
        "dag_id": "matrix_succeeds",
    }
    return AirflowPublisher(alias="pipelines", **defaults | options)


class TestContract(PublisherContract):
    """What every publisher must do."""

    @pytest.fixture(autouse=True)
    def on_airflow(self, airflow: Airflow, api: Api) -> Iterator[None]:
        """Keep the Airflow at hand, and close what was opened."""
        self.airflow, self.api = airflow, api
        self.opened: list[AirflowPublisher] = []
        yield
        for publisher in self.opened:
            publisher.close()

    def make_publisher(self) -> AirflowPublisher:
        """Make one."""
        self.opened.append(publisher_of(self.airflow))
        return self.opened[-1]

    def count_effects(self, message: Message) -> int:
        """Count the runs."""
        return self.api.run_ids("matrix_succeeds").count(f"djactions-{message.id}")


def test_the_version_is_known(publisher: AirflowPublisher, version: Version) -> None:
    client = publisher._make_client()

    assert client.version.startswith(version.number)
    assert client.features == Features.of(f"{version.number}9")


def test_runs_are_followed_to_their_ends(publisher: AirflowPublisher) -> None:
    message = make_message(options={"dag_id": "matrix_fails"})
    receipts = [publisher.publish(make_message()), publisher.publish(message)]
    expected = [RemoteState.SUCCEEDED, RemoteState.FAILED]

    wait_for(lambda: [run.state for run in publisher.track(receipts)] == expected, "The ends")


def test_a_run_that_was_deleted_is_lost(publisher: AirflowPublisher, api: Api) -> None:
    api.pause("matrix_succeeds", is_paused=True)
    receipts = [publisher.publish(make_message()) for _ in range(2)]
    api.delete("matrix_succeeds", receipts[0].id)

    states = [run.state for run in publisher.track(receipts)]
    api.pause("matrix_succeeds", is_paused=False)
    assert states == [RemoteState.LOST, RemoteState.RUNNING]


def test_asking_about_one_run_does_not_list_all_others(
    publisher: AirflowPublisher, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.pause("matrix_succeeds", is_paused=True)
    receipts = [publisher.publish(make_message()) for _ in range(OTHER_RUNS)]
    publisher.track(receipts[:1])
    sizes: list[int] = []
    send = Transport.send

    def measured(*args: Any, **kwargs: Any) -> Response:
        response = send(*args, **kwargs)
        sizes.append(len(response.data))
        return response

    monkeypatch.setattr(Transport, "send", measured)
    (run,) = publisher.track(receipts[:1])
    (size,) = sizes
    queued = {run.detail for run in publisher.track(receipts)}
    for receipt in receipts:
        api.delete("matrix_succeeds", receipt.id)
    api.pause("matrix_succeeds", is_paused=False)

    assert run.state == RemoteState.RUNNING
    assert size < 10_000
    assert queued == {"queued"}
    knows_prefixes = publisher._make_client().features.run_id_prefix_pattern
    few = 6  # the ids fill two requests, and the states of each may need some more
    assert len(sizes) <= few if knows_prefixes else len(sizes) == 1 + OTHER_RUNS


def test_an_unknown_dag_is_named(publisher: AirflowPublisher) -> None:
    with pytest.raises(DestinationNotFound, match="no_such_dag"):
        publisher.publish(make_message(options={"dag_id": "no_such_dag"}))


def test_a_wrong_password_and_a_user_without_rights_stop_the_lane(airflow: Airflow) -> None:
    viewer = airflow.viewer
    for options in (
        {"password": "wrong"},
        {"username": viewer.username, "password": viewer.password},
        {"username": "", "password": "", "token": "not-issued-by-anybody"},
    ):
        publisher = publisher_of(airflow, **options)
        with pytest.raises(PublisherMisconfigured):
            publisher.publish(make_message())
        publisher.close()


def test_a_token_of_airflow_can_be_given(airflow: Airflow, api: Api) -> None:
    publisher = publisher_of(airflow, username="", password="", token=api.token)
    receipt = publisher.publish(make_message())
    publisher.close()

    assert receipt.id in api.run_ids("matrix_succeeds")
