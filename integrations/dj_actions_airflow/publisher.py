"""Trigger a DAG run for each message, and track the runs until they finish."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.checks import CheckMessage
from django.utils.module_loading import import_string

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
    PublishRejected,
)
from dj_actions.messages import Message, Receipt, RemoteRun
from dj_actions.publishers import BasePublisher, before_sending
from dj_actions.publishers.http import require_timeouts, without_secrets
from dj_actions.publishers.templates import with_object_label
from dj_actions_airflow.checks import options as option_checks
from dj_actions_airflow.checks.deployed import check_deployed, problems_of, routed_dag_ids
from dj_actions_airflow.checks.fields import check_fields
from dj_actions_airflow.checks.routes import check_dag_ids, check_route
from dj_actions_airflow.connection.options import Connection, Function
from dj_actions_airflow.dags.acceptance import require_accepted
from dj_actions_airflow.dags.details import shared_cache
from dj_actions_airflow.dags.permissions import TriggerPermissions
from dj_actions_airflow.routing.conversion import RUN_ID_PREFIX, raise_for_large_conf
from dj_actions_airflow.routing.planning import planned_runs
from dj_actions_airflow.routing.receipts import receipt_of_run, receipt_of_runs
from dj_actions_airflow.routing.routes import ROUTE_OPTIONS

if TYPE_CHECKING:
    from dj_actions.context import ActionContext
    from dj_actions.publishers import DeliveryOperation
    from dj_actions_airflow.connection.client import AirflowClient
    from dj_actions_airflow.tracking.run_tracker import RunTracker

OPERATIONS = "dj_actions_airflow.run_operations.offered.OPERATIONS"


class AirflowPublisher(BasePublisher):
    """A publisher that triggers Airflow 3 DAG runs through the REST API.

    Args:
        base_url: scheme, host, port and path of the API server, without `/api/v2`.
        username: the user to authenticate as, who needs the permission to trigger DAG runs.
            Empty for a server without authentication.
        password: the user's password; keep it in the environment.
        basic: whether to send user and password with each request; by default, they are exchanged
            for a token of Airflow.
        token: a bearer token; or a function that returns one, or its dotted path. The function
            takes no arguments, and may return a pair of the token and the time at which it expires
            (a datetime with a time zone, or seconds since 1970). It is called again by then, and
            when the token is refused.
        client_credentials: `client_id` and `client_secret` that are exchanged for a token, at
            `token_url`, with the optional `scope`; by default at Airflow itself, as its Keycloak
            auth manager allows.
        headers: further headers of each request; or a function that returns them, or its dotted
            path, as for `token`.
        verify: whether the server's certificate is verified.
        ca_cert: a file with the certificates to trust, instead of those of the system.
        client_cert: a file with the certificate to present to the server, and perhaps its key.
        client_key: a file with the key, which must not be encrypted.
        dag_id: the DAG to trigger, unless the message's route sets `{"dag_id": …}`: an id, a
            template, a function, or a list of them.
        public_url: the address to open in a browser, if it differs from `base_url`.
        max_conf_bytes: maximum size of a run's payload, as UTF-8.
        connect_timeout: seconds to wait for a connection.
        timeout: seconds to wait for the whole of a response.
        result_task: id of the task whose return value is the result of a run, unless the route
            sets `{"result_task": …}`; empty for no result.
    """

    supports_tracking = True
    payload = ()  # which fields are needed depends on the route
    route_options = ROUTE_OPTIONS

    def __init__(
        self,
        *,
        alias: str,
        base_url: str,
        username: str = "",
        password: str = "",
        basic: bool = False,
        token: str | Function = "",
        client_credentials: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | str | Function | None = None,
        verify: bool = True,
        ca_cert: str | PathLike[str] = "",
        client_cert: str | PathLike[str] = "",
        client_key: str | PathLike[str] = "",
        dag_id: Any = "",
        public_url: str = "",
        max_conf_bytes: int = 262_144,
        connect_timeout: float = 3.05,
        timeout: float = 15.0,
        result_task: str = "",
    ) -> None:
        super().__init__(alias=alias)
        self._connection = Connection(
            base_url=base_url.rstrip("/"),
            username=username,
            password=password,
            basic=basic,
            token=token,
            client_credentials={} if client_credentials is None else client_credentials,
            headers={} if headers is None else headers,
            verify=verify,
            ca_cert=fspath(ca_cert),
            client_cert=fspath(client_cert),
            client_key=fspath(client_key),
            timeouts=(float(connect_timeout), float(timeout)),
        )
        self._public_url = (public_url or base_url).rstrip("/")
        self._default_dag_id = dag_id
        self._max_conf_bytes = max_conf_bytes
        self._details = shared_cache(alias, self._connection)
        self._permissions = TriggerPermissions(lambda: routed_dag_ids(alias, dag_id))
        self._result_task = result_task

    @cached_property
    def _client(self) -> AirflowClient:
        # Takes over a second to import, and only relays need it.
        from dj_actions_airflow.connection.client import AirflowClient  # noqa: PLC0415

        return AirflowClient(self._connection, max_conf_bytes=self._max_conf_bytes)

    def _make_client(self) -> AirflowClient:
        """Return the client; an error from its constructor is a configuration error."""
        require_timeouts(self._connection.timeouts)
        try:
            return self._client
        except PublisherMisconfigured:
            raise
        except Exception as error:
            raise PublisherMisconfigured(
                without_secrets(
                    "Airflow: the client cannot be created from OPTIONS and the environment: "
                    f"{type(error).__name__}: {error}"
                )
            ) from error

    @classmethod
    def recorded_options(
        cls, options: Mapping[str, Any], context: ActionContext
    ) -> Mapping[str, Any]:
        """Add the text of the object, if a template needs it: the object may be deleted soon."""
        needs_label = "{object.label" in str(options)
        return with_object_label(options, context) if needs_label else options

    def publish(self, message: Message) -> Receipt:
        """Trigger the DAG runs. A run that already exists with our payload counts as triggered."""
        with before_sending():
            runs = planned_runs(message, self._default_dag_id, self._max_conf_bytes)
        client = self._make_client()
        require_accepted(self._details, client, runs)
        for run in runs:
            self._permissions.trigger(client, run)
        return receipt_of_runs(self._public_url, runs)

    def refusal(self, message: Message) -> str:
        """Return why the message has no run, or its DAG would refuse it."""
        try:
            runs = planned_runs(message, self._default_dag_id, self._max_conf_bytes)
            require_accepted(self._details, self._make_client(), runs)
        except (PublishRejected, DestinationNotFound) as error:
            return str(error)
        except PublishError:
            pass  # of the destination, not of the message
        return ""

    @cached_property
    def _run_tracker(self) -> RunTracker:
        from dj_actions_airflow.tracking.run_tracker import RunTracker  # noqa: PLC0415 - imports the client

        return RunTracker(
            self._make_client(), public_url=self._public_url, result_task=self._result_task
        )

    def track(self, receipts: Sequence[Receipt]) -> Sequence[RemoteRun]:
        """Return the state of each receipt's run, and why it has failed or does not advance."""
        return self._run_tracker.track(receipts)

    def changed_since(self, since: datetime) -> Mapping[str, Sequence[RemoteRun]] | None:
        """Return the runs that have changed, by event; None if the server cannot list them."""
        return self._run_tracker.changes.since(since)

    def check_reachable(self) -> bool:
        """List a run that does not exist, which checks the password and the right to read."""
        unknown = (self._default_dag_id or "doctor", f"{RUN_ID_PREFIX}doctor")
        self._make_client().list_runs([unknown])
        return True

    def check(self) -> Iterable[CheckMessage]:
        """Yield an error for each missing or malformed option."""
        where = f'DJ_ACTIONS["PUBLISHERS"]["{self.alias}"]["OPTIONS"]'
        yield from option_checks.check_connection(self._connection, where)
        yield from option_checks.check_limits(
            self._connection.timeouts, self._max_conf_bytes, where
        )
        if self._default_dag_id:
            yield from check_dag_ids(self._default_dag_id, where)
        yield from option_checks.check_task_id(self._result_task, where)
        if self._public_url != self._connection.base_url:
            yield from option_checks.check_public_url(self._public_url, where)
        yield from check_fields(self.alias, self._default_dag_id)

    def check_route(self, options: Mapping[str, Any], where: str) -> Iterable[CheckMessage]:
        """Yield an error for each option of the route with which no message can be sent."""
        yield from check_route(options, self._default_dag_id, where)
        yield from option_checks.check_task_id(options.get("result_task", ""), where)

    def check_deployed(self) -> Iterable[CheckMessage]:
        """Yield what Airflow says against the routes: of DAGs, of their params, of the user."""
        yield from check_deployed(self.alias, self._default_dag_id, self._make_client())

    def problems_of(self, action: str) -> Sequence[str]:
        """Return what Airflow says against the DAGs of an action, and against its params."""
        return [*problems_of(self.alias, self._default_dag_id, self._make_client(), action)]

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
        return receipt_of_run(self._public_url, dag_id, run_id)

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
        self.__dict__.pop("_run_tracker", None)
        if "_client" in self.__dict__:
            self.__dict__.pop("_client").close()
