"""What has to be true of the stack, in the order in which it is checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.compose.commands import CommandError
from tests.compose.engines import Engine
from tests.compose.stack import PROJECT, Stack

ARRIVAL_SECONDS = 120
RECOVERY_SECONDS = 240
DESTINATIONS = ("feeds", "airflow-apiserver")
FEED_OF_ANN = "user:1"


class CheckFailedError(Exception):
    """The stack does not do what it should; the message says what."""


@dataclass(kw_only=True)
class Checks:
    """The checks, and how many actions they have run so far."""

    stack: Stack
    engine: Engine
    report: Callable[[str], None]
    actions: int = field(default=0, init=False)

    def run(self) -> None:
        """Run all checks. Raises CheckFailedError, CommandError or LaunchError."""
        self.stack.create_users()
        for check in (
            self._an_action_arrives,
            self._destinations_come_back,
            self._a_killed_relay_loses_nothing,
            self._several_relays_share_the_work,
            self._sigterm_ends_the_relay,
            self._volumes_survive,
            self._a_missing_airflow_user_is_noticed,
        ):
            self.report((check.__doc__ or "").strip())
            check()

    def _an_action_arrives(self) -> None:
        """An action becomes an activity in a feed and a DAG run that succeeds."""
        self._act()
        self._expect_all(ARRIVAL_SECONDS)
        reports = self.stack.compose(
            "exec", "-T", "airflow-scheduler", "ls", "/opt/airflow/reports"
        )
        if len(reports.split()) != 1:
            raise CheckFailedError(f"The DAG run has not written its one report: {reports!r}")

    def _destinations_come_back(self) -> None:
        """What is recorded while both destinations are stopped arrives once they are back."""
        self.stack.compose("stop", *DESTINATIONS)
        self._act()
        self._act()
        self.stack.compose("start", *DESTINATIONS)
        self._expect_all(RECOVERY_SECONDS)

    def _a_killed_relay_loses_nothing(self) -> None:
        """What is recorded while the relay is killed arrives once it is back."""
        self.stack.compose("kill", "relay")
        self._act()
        self.stack.compose("start", "relay")
        self._expect_all(ARRIVAL_SECONDS)

    def _several_relays_share_the_work(self) -> None:
        """Three relays deliver each event once."""
        self.stack.compose("up", "--detach", "--wait", "--no-recreate", "--scale", "relay=3")
        for _ in range(3):
            self._act()
        self._expect_all(ARRIVAL_SECONDS)
        self.stack.compose("up", "--detach", "--wait", "--no-recreate", "--scale", "relay=1")

    def _sigterm_ends_the_relay(self) -> None:
        """The relay ends with 0 when it is stopped."""
        self.stack.compose("stop", "relay")
        code = self.stack.exit_code("relay")
        if code != 0:
            raise CheckFailedError(f"The relay ended with {code} after SIGTERM.")
        self.stack.compose("start", "relay")

    def _volumes_survive(self) -> None:
        """Events, activities and runs are still there after `down` and `up`."""
        self.stack.compose("down", "--timeout", "45")
        self.stack.up()
        self._expect_all(ARRIVAL_SECONDS)
        self._act()
        self._expect_all(ARRIVAL_SECONDS)

    def _a_missing_airflow_user_is_noticed(self) -> None:
        """The step that prepares Airflow fails if there is no user admin afterwards."""
        delete = ("airflow", "users", "delete", "--username", "admin")
        self.stack.compose("exec", "-T", "airflow-apiserver", *delete)
        prepare = ("run", "--rm", "--no-deps", "-T")
        try:
            without_user = ("-e", "_AIRFLOW_WWW_USER_CREATE=", "airflow-init")
            self.stack.compose(*prepare, *without_user)
        except CommandError as error:
            if "Airflow has no user admin" not in str(error):
                raise
        else:
            raise CheckFailedError("airflow-init ended with 0 although there is no user admin.")
        self.stack.compose(*prepare, "airflow-init")

    def _act(self) -> None:
        """Create a todo of ann and mark it as done."""
        ann = self.stack.client("ann")
        number = ann.create(f"Todo {self.actions + 1}")
        ann.act(number, "mark_done", {"note": "done"}).raise_for_status()
        self.actions += 1

    def _expect_all(self, timeout: float) -> None:
        """Wait until all that was recorded has arrived, and check that it did once."""
        self.stack.wait_for_deliveries(self.actions, timeout=timeout)
        activities = self.stack.activities(FEED_OF_ANN)
        if len(activities) != self.actions:
            raise CheckFailedError(
                f"{FEED_OF_ANN} has {len(activities)} activities after {self.actions} actions."
            )


def check_nothing_is_left(engine: Engine) -> None:
    """Check that no container and no volume of the stack exists any more."""
    label = f"label=com.docker.compose.project={PROJECT}"
    containers = engine.docker("ps", "--all", "--quiet", "--filter", label)
    volumes = engine.docker("volume", "ls", "--quiet", "--filter", label)
    if containers.strip() or volumes.strip():
        raise CheckFailedError(f"`down --volumes` left something: {containers} {volumes}")
