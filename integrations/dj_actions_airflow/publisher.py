"""Trigger a DAG run for each message, and track the runs until they finish."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.apps import apps
from django.core.checks import CheckMessage
from django.utils.module_loading import import_string

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublisherUnavailable,
    PublishRejected,
)
from dj_actions.messages import Message, Receipt, RemoteRun
from dj_actions.publishers import BasePublisher, before_sending
from dj_actions.publishers.http import require_timeouts, without_secrets
from dj_actions_airflow import checks
from dj_actions_airflow.conversion import (
    LOST_RUN,
    RUN_ID_PREFIX,
    dag_run_conf,
    dag_run_id,
    raise_for_large_conf,
    remote_run,
)

if TYPE_CHECKING:
    from dj_actions.publishers import DeliveryOperation
    from dj_actions_airflow.client import AirflowClient

OPERATIONS = "dj_actions_airflow.run_operations.offered.OPERATIONS"

MAX_NOTE_LENGTH = 1000
"""Characters. Airflow on PostgreSQL rejects more."""

LATER_EVENTS = " A dag_id in ROUTES applies only to events that are recorded after it was set."


class AirflowPublisher(BasePublisher):
    """A publisher that triggers Airflow 3 DAG runs through the REST API.

    Args:
        base_url: scheme, host and port of the API server, without `/api/v2`.
        username: the user to authenticate as, who needs the permission to trigger DAG runs.
            Empty for a server without authentication.
        password: the user's password; keep it in the environment.
        dag_id: the DAG to trigger, unless the message's route sets `{"dag_id": …}`.
        public_url: the address to open in a browser, if it differs from `base_url`.
        max_conf_bytes: maximum size of a run's payload.
        connect_timeout: seconds to wait for a connection.
        timeout: seconds to wait for the whole of a response.
    """

    supports_tracking = True
    route_options = ("dag_id",)

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
        self._default_dag_id = dag_id
        self._max_conf_bytes = max_conf_bytes
        self._timeouts = (float(connect_timeout), float(timeout))

    @cached_property
    def _client(self) -> AirflowClient:
        # Takes over a second to import, and only relays need it.
        from dj_actions_airflow.client import AirflowClient  # noqa: PLC0415

        return AirflowClient(
            base_url=self._base_url,
            username=self._username,
            password=self._password,
            timeouts=self._timeouts,
            max_conf_bytes=self._max_conf_bytes,
        )

    def _make_client(self) -> AirflowClient:
        """Return the client; an error from its constructor is a configuration error."""
        require_timeouts(self._timeouts)
        try:
            return self._client
        except Exception as error:
            raise PublisherMisconfigured(
                without_secrets(
                    "Airflow: the client cannot be created from OPTIONS and the environment: "
                    f"{type(error).__name__}: {error}"
                )
            ) from error

    def publish(self, message: Message) -> Receipt:
        """Trigger the DAG run. A run that already exists with our payload counts as triggered."""
        with before_sending():
            dag_id = self._dag_id_for(message)
            run_id, conf = dag_run_id(message), dag_run_conf(message)
            raise_for_large_conf(conf, self._max_conf_bytes)
        note = message.summary[:MAX_NOTE_LENGTH]
        if not self._make_client().trigger(dag_id, run_id, conf, note=note):
            self._require_own_run(dag_id, run_id, message)
        return self.receipt(dag_id, run_id)

    def track(self, receipts: Sequence[Receipt]) -> Sequence[RemoteRun]:
        """Return the state of each receipt's run, from one list request."""
        runs = {
            (run["dag_id"], run["dag_run_id"]): remote_run(run["state"])
            for run in self._make_client().list_runs([receipt.id for receipt in receipts])
        }
        return [runs.get((receipt.scope, receipt.id), LOST_RUN) for receipt in receipts]

    def check_reachable(self) -> bool:
        """List a run that does not exist, which checks the password and the right to read."""
        self._make_client().list_runs([f"{RUN_ID_PREFIX}doctor"])
        return True

    def check(self) -> Iterable[CheckMessage]:
        """Yield an error for each missing or malformed option."""
        where = f'DJ_ACTIONS["PUBLISHERS"]["{self.alias}"]["OPTIONS"]'
        yield from checks.check_base_url(self._base_url, where)
        yield from checks.check_credentials(self._username, self._password, where)
        yield from checks.check_limits(self._timeouts, self._max_conf_bytes, where)
        if self._default_dag_id:
            yield from checks.check_dag_id(self._default_dag_id, where)
        if self._public_url != self._base_url:
            yield from checks.check_public_url(self._public_url, where)

    def check_route(self, options: Mapping[str, Any], where: str) -> Iterable[CheckMessage]:
        """Yield an error if the route has no DAG, or one whose id is malformed."""
        yield from checks.check_has_dag(options.get("dag_id") or self._default_dag_id, where)
        if options.get("dag_id"):
            yield from checks.check_dag_id(options["dag_id"], where)

    @classmethod
    def delivery_operations(cls) -> Sequence[DeliveryOperation]:
        """Return the operations on DAG runs, if the app with their permissions is installed."""
        if not apps.is_installed("dj_actions_airflow"):
            return ()
        # By its path: it imports models, and this module.
        operations: Sequence[DeliveryOperation] = import_string(OPERATIONS)
        return operations

    def client(self) -> AirflowClient:
        """Return the client to the API server, for operations on runs.

        Raises:
            PublisherMisconfigured: it cannot be created from OPTIONS.
        """
        return self._make_client()

    def receipt(self, dag_id: str, run_id: str) -> Receipt:
        """Return the receipt of a run."""
        return Receipt(id=run_id, scope=dag_id, url=self._run_url(dag_id, run_id), tracked=True)

    def require_size(self, conf: Mapping[str, Any]) -> None:
        """Refuse a payload that is larger than `max_conf_bytes`.

        Raises:
            PublishRejected: it is; the message has the sizes.
        """
        raise_for_large_conf(conf, self._max_conf_bytes)

    def prepare(self) -> None:
        """Import and create the client."""
        self._make_client()

    def close(self) -> None:
        """Close all connections."""
        if "_client" in self.__dict__:
            self.__dict__.pop("_client").close()

    def _dag_id_for(self, message: Message) -> str:
        dag_id = str(message.options.get("dag_id") or self._default_dag_id)
        if not dag_id:
            # Only this route is wrong: the lane continues with the others.
            raise DestinationNotFound(
                f"No DAG is configured for {message.label}. Set dag_id in "
                f'DJ_ACTIONS["PUBLISHERS"]["{self.alias}"]["OPTIONS"].{LATER_EVENTS}'
            )
        if not checks.is_dag_id(dag_id):
            # In OPTIONS, it is wrong for all messages.
            is_of_route = bool(message.options.get("dag_id"))
            raise (DestinationNotFound if is_of_route else PublisherMisconfigured)(
                f"{dag_id!r}, which is configured for {message.label}, is not the id of a DAG. "
                "Use letters, digits, '_', '-' and '.', at most 250."
                f"{LATER_EVENTS if is_of_route else ''}"
            )
        return dag_id

    def _require_own_run(self, dag_id: str, run_id: str, message: Message) -> None:
        """Raise unless the existing run was triggered by an earlier attempt of this delivery."""
        conf = self._make_client().get_conf(dag_id, run_id)
        if conf is None:
            raise PublisherUnavailable(
                f"Airflow reported that run {run_id} of DAG {dag_id!r} already exists, but does "
                "not return it. Check that the user may read DAG runs and that the run was not "
                "deleted."
            )
        if conf.get("id") != str(message.id):
            raise PublishRejected(
                f"Airflow reported that run {run_id} of DAG {dag_id!r} already exists, but it "
                f"is not ours: its payload is {str(conf)[:200]}."
            )

    def _run_url(self, dag_id: str, run_id: str) -> str:
        return f"{self._public_url}/dags/{quote(dag_id)}/runs/{quote(run_id)}"
