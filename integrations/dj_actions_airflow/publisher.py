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
    PublishError,
    PublishRejected,
)
from dj_actions.messages import Message, Receipt, ReceiptPart, RemoteRun
from dj_actions.publishers import BasePublisher, before_sending
from dj_actions.publishers.http import require_timeouts, without_secrets
from dj_actions.publishers.templates import with_object_label
from dj_actions_airflow import checks
from dj_actions_airflow.conversion import (
    LOST_RUN,
    RUN_ID_PREFIX,
    batches,
    combined,
    raise_for_large_conf,
    remote_run,
)
from dj_actions_airflow.dag_details import CONFIRMED_AGE, MAX_AGE, DetailsCache
from dj_actions_airflow.deployed import check_deployed
from dj_actions_airflow.field_checks import check_fields
from dj_actions_airflow.params import param_problems
from dj_actions_airflow.planning import PlannedRun, planned_runs
from dj_actions_airflow.route_checks import check_dag_ids, check_route
from dj_actions_airflow.routes import OF_A_ROUTE
from dj_actions_airflow.triggering import trigger

if TYPE_CHECKING:
    from dj_actions.context import ActionContext
    from dj_actions.publishers import DeliveryOperation
    from dj_actions_airflow.client import AirflowClient

OPERATIONS = "dj_actions_airflow.run_operations.offered.OPERATIONS"


class AirflowPublisher(BasePublisher):
    """A publisher that triggers Airflow 3 DAG runs through the REST API.

    Args:
        base_url: scheme, host and port of the API server, without `/api/v2`.
        username: the user to authenticate as, who needs the permission to trigger DAG runs.
            Empty for a server without authentication.
        password: the user's password; keep it in the environment.
        dag_id: the DAG to trigger, unless the message's route sets `{"dag_id": …}`: an id, a
            template, a function, or a list of them.
        public_url: the address to open in a browser, if it differs from `base_url`.
        max_conf_bytes: maximum size of a run's payload, as UTF-8.
        connect_timeout: seconds to wait for a connection.
        timeout: seconds to wait for the whole of a response.
    """

    supports_tracking = True
    route_options = OF_A_ROUTE

    def __init__(
        self,
        *,
        alias: str,
        base_url: str,
        username: str = "",
        password: str = "",
        dag_id: Any = "",
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
        self._details = DetailsCache()

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
        self._require_acceptable(client, runs)
        for run in runs:
            trigger(client, run)
        return self._receipt(runs)

    def _require_acceptable(self, client: AirflowClient, runs: Sequence[PlannedRun]) -> None:
        """Raise for a run that its DAG will refuse, before any run of the message is triggered.

        Raises:
            PublishRejected: a payload does not satisfy the params of its DAG.
            DestinationNotFound: a DAG does not exist.
            PublishError: Airflow did not respond.
        """
        for run in runs:
            problems = self._problems_of(client, run)
            if problems:
                with before_sending():
                    raise PublishRejected(
                        f"DAG {run.dag_id!r} cannot get this message: {'; '.join(problems)}. "
                        "Change conf of its route, the action's input, or the DAG's params."
                    )

    def _problems_of(self, client: AirflowClient, run: PlannedRun) -> list[str]:
        """Return what the params of the DAG refuse: as they are now, and not a minute ago."""
        problems: list[str] = []
        for max_age in (MAX_AGE, CONFIRMED_AGE):
            details = self._details.get(client, run.dag_id, max_age=max_age)
            problems = param_problems(details.params, run.conf) if details else []
            if not problems:
                break
        return problems

    def refusal(self, message: Message) -> str:
        """Return why the message has no run, or its DAG would refuse it."""
        try:
            runs = planned_runs(message, self._default_dag_id, self._max_conf_bytes)
            self._require_acceptable(self._make_client(), runs)
        except (PublishRejected, DestinationNotFound) as error:
            return str(error)
        except PublishError:
            pass  # of the destination, not of the message
        return ""

    def _receipt(self, runs: Sequence[PlannedRun]) -> Receipt:
        """Return the receipt of the runs; with parts if there are several."""
        parts = tuple(
            ReceiptPart(id=run.run_id, scope=run.dag_id, url=self._run_url(run.dag_id, run.run_id))
            for run in runs
        )
        return Receipt(
            id=parts[0].id,
            scope=parts[0].scope,
            url=parts[0].url,
            tracked=True,
            parts=parts if len(parts) > 1 else (),
        )

    def track(self, receipts: Sequence[Receipt]) -> Sequence[RemoteRun]:
        """Return the state of each receipt's run, from few list requests; of several, combined."""
        wanted = [part for receipt in receipts for part in receipt.parts or (receipt,)]
        found: dict[tuple[str, str], RemoteRun] = {}
        for ids in batches([part.id for part in wanted]):
            for run in self._make_client().list_runs(ids):
                found[run["dag_id"], run["dag_run_id"]] = remote_run(run["state"])
        return [
            combined([found.get((part.scope, part.id), LOST_RUN) for part in receipt.parts])
            if receipt.parts
            else found.get((receipt.scope, receipt.id), LOST_RUN)
            for receipt in receipts
        ]

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
            yield from check_dag_ids(self._default_dag_id, where)
        if self._public_url != self._base_url:
            yield from checks.check_public_url(self._public_url, where)
        yield from check_fields(self.alias, self._default_dag_id)

    def check_route(self, options: Mapping[str, Any], where: str) -> Iterable[CheckMessage]:
        """Yield an error for each option of the route with which no message can be sent."""
        yield from check_route(options, self._default_dag_id, where)

    def check_deployed(self) -> Iterable[CheckMessage]:
        """Yield what Airflow says against the routes: of DAGs, of their params, of the user."""
        yield from check_deployed(self.alias, self._default_dag_id, self._make_client())

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

    def _run_url(self, dag_id: str, run_id: str) -> str:
        return f"{self._public_url}/dags/{quote(dag_id)}/runs/{quote(run_id)}"
