"""Triggers one DAG run for each message, and follows the runs to their end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import quote

from django.core.checks import CheckMessage, Error

from dj_actions.exceptions import DestinationNotFound, PublisherUnavailable, PublishRejected
from dj_actions.messages import Message, Receipt, RemoteRun
from dj_actions.publishers import BasePublisher
from dj_actions.publishers.http import is_base_url
from dj_actions_airflow.runs import (
    LOST,
    RUN_ID_PREFIX,
    conf_of,
    refuse_large,
    remote_run_of,
    run_id_of,
)

if TYPE_CHECKING:
    from dj_actions_airflow.client import AirflowClient

MAX_NOTE_LENGTH = 1000
"""Characters; Airflow on PostgreSQL refuses more."""


class AirflowPublisher(BasePublisher):
    """Publishes to an Airflow 3 through its REST API.

    Args:
        base_url: scheme, host and port of the API server, without `/api/v2`.
        username: the user who triggers; needs the right to trigger DAG runs. Empty for a server
            that wants no token.
        password: their password; keep it in the environment.
        dag_id: the DAG of messages whose route names none, in `{"dag_id": …}`.
        public_url: the address people open in a browser, if it is another one.
        max_conf_bytes: largest payload of a run.
        connect_timeout: seconds to connect.
        timeout: seconds to wait for an answer.
    """

    supports_tracking = True

    def __init__(
        self,
        *,
        alias: str,
        base_url: str,
        username: str = "",
        password: str = "",
        dag_id: str = "",
        public_url: str = "",
        max_conf_bytes: int = 262_144,
        connect_timeout: float = 3.05,
        timeout: float = 15.0,
    ) -> None:
        super().__init__(alias=alias)
        self._base_url = base_url.rstrip("/")
        self._public_url = (public_url or base_url).rstrip("/")
        self._username = username
        self._password = password
        self._dag_id = dag_id
        self._max_conf_bytes = max_conf_bytes
        self._timeouts = (float(connect_timeout), float(timeout))

    @cached_property
    def _client(self) -> AirflowClient:
        # Takes over a second to import, and only a relay needs it.
        from dj_actions_airflow.client import AirflowClient  # noqa: PLC0415

        return AirflowClient(
            base_url=self._base_url,
            username=self._username,
            password=self._password,
            timeouts=self._timeouts,
        )

    def publish(self, message: Message) -> Receipt:
        """Trigger the run; one that is already there, with our payload, is as good."""
        dag_id = self._dag_id_of(message)
        run_id, conf = run_id_of(message), conf_of(message)
        refuse_large(conf, self._max_conf_bytes)
        note = message.summary[:MAX_NOTE_LENGTH]
        if not self._client.trigger(dag_id, run_id, conf, note=note):
            self._require_ours(dag_id, run_id, message)
        return Receipt(id=run_id, scope=dag_id, url=self._run_url(dag_id, run_id), tracked=True)

    def track(self, receipts: Sequence[Receipt]) -> Sequence[RemoteRun]:
        """Ask for all runs in one call."""
        runs = {
            (run["dag_id"], run["dag_run_id"]): remote_run_of(run["state"])
            for run in self._client.runs([receipt.id for receipt in receipts])
        }
        return [runs.get((receipt.scope, receipt.id), LOST) for receipt in receipts]

    def check_reachable(self) -> bool:
        """Ask for a run that there is not: it takes the user's password, and a right to read."""
        self._client.runs([f"{RUN_ID_PREFIX}doctor"])
        return True

    def check(self) -> Iterable[CheckMessage]:
        """Yield what is missing or malformed."""
        where = f'DJ_ACTIONS["PUBLISHERS"]["{self.alias}"]["OPTIONS"]'
        if not is_base_url(self._base_url):
            yield Error(
                f"{where}: base_url is {self._base_url!r}.",
                hint="Give scheme, host and port only, for example 'http://localhost:8080'.",
                id="dj_actions_airflow.E001",
            )
        if bool(self._username) != bool(self._password):
            yield Error(
                f"{where}: username and password belong together, and one of them is empty.",
                hint="Take the password from the environment.",
                id="dj_actions_airflow.E002",
            )

    def prepare(self) -> None:
        """Import the client."""
        _ = self._client

    def close(self) -> None:
        """Close the connections."""
        if "_client" in self.__dict__:
            self.__dict__.pop("_client").close()

    def _dag_id_of(self, message: Message) -> str:
        dag_id = str(message.options.get("dag_id") or self._dag_id)
        if not dag_id:
            # Of this route alone: the lane goes on for the others.
            raise DestinationNotFound(
                f"No DAG is named for {message.label}. Give its route a dag_id in "
                f'DJ_ACTIONS["PUBLISHERS"]["{self.alias}"]["ROUTES"], or set the option dag_id.'
            )
        return dag_id

    def _require_ours(self, dag_id: str, run_id: str, message: Message) -> None:
        """Refuse a conflict that is not with our own earlier try."""
        conf = self._client.conf_of(dag_id, run_id)
        if conf is None:
            raise PublisherUnavailable(
                f"Airflow refused run {run_id} of DAG {dag_id!r} as already there, but does not "
                "list it. Was it just deleted, or may this user not read runs?"
            )
        if conf.get("id") != str(message.id):
            raise PublishRejected(
                f"Airflow refused run {run_id} of DAG {dag_id!r} as already there, but what is "
                f"there is not ours: its payload is {str(conf)[:200]}."
            )

    def _run_url(self, dag_id: str, run_id: str) -> str:
        return f"{self._public_url}/dags/{quote(dag_id)}/runs/{quote(run_id)}"
