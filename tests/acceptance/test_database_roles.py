"""The roles of docs/security.md: a web process and a relay without any other privileges."""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import requests
from django.contrib.auth.models import User
from django.db import connection
from psycopg.errors import InsufficientPrivilege

from dj_actions.models import (
    ActionEvent,
    ArchivedActionEvent,
    Delivery,
    MachineToken,
    PublisherState,
    RelayHeartbeat,
)
from dj_actions.operations import create_machine_token
from dj_actions.outbox.notifications import CHANNEL
from dj_actions.states import DeliveryState
from example.launch.airflow_environment import ROOT
from example.launch.process import Process, free_port
from example.todos.models import Todo
from tests.acceptance.conftest import database_url, run_relay, wait_for
from tests.fixtures.relay import failure

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

PAGE = ROOT / "docs/security.md"
NAMES = ("dj_actions_web", "dj_actions_relay", "dj_actions_operator")
PASSWORD = "of-these-tests-alone"
OWN_TABLES = ("auth_user", "authtoken_token", "todos_todo")
"""Tables of the example that its web process uses in these tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """The roles of docs/security.md under names of this test, and their logins."""

    suffix: str

    def group(self, name: str) -> str:
        """Return the name of a role that has the privileges."""
        return f"{name}_{self.suffix}"

    def login(self, name: str, *, number: int = 1) -> str:
        """Return the name of a login that is a member of the role."""
        return f"{name}_{self.suffix}_{number}"

    def url(self, name: str, *, number: int = 1) -> str:
        """Return the URL of the test's database for a login."""
        place = urlsplit(database_url())
        credentials = f"{self.login(name, number=number)}:{PASSWORD}"
        return place._replace(netloc=f"{credentials}@{place.hostname}:{place.port}").geturl()

    def create_login(self, name: str, *, number: int = 1) -> None:
        """Create a login that is a member of the role."""
        login = self.login(name, number=number)
        execute(f"CREATE ROLE {login} LOGIN PASSWORD '{PASSWORD}' IN ROLE {self.group(name)}")

    def drop_login(self, name: str, *, number: int = 1) -> None:
        """Drop a login, which ends no connection."""
        execute(f"DROP ROLE IF EXISTS {self.login(name, number=number)}")


def execute(statement: str) -> None:
    """Execute a statement as the owner of the tables."""
    with connection.cursor() as cursor:
        cursor.execute(statement)


def documented_grants() -> str:
    """Return the SQL of docs/security.md that creates the roles."""
    blocks: list[str] = re.findall(r"```sql\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return "".join(block for block in blocks if "NOLOGIN" in block)


@pytest.fixture
def roles(transactional_db: None) -> Iterator[Roles]:
    """Create the roles, and one login for each."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        )
        if cursor.fetchone() != (True,):
            pytest.skip("The user of DATABASE_URL may not create roles.")
    roles = Roles(suffix=secrets.token_hex(4))
    names = re.compile(rf"\b(?:{'|'.join(NAMES)})\b")
    execute(names.sub(lambda found: roles.group(found[0]), documented_grants()))
    for name in NAMES:
        roles.create_login(name)
    tables = ", ".join(OWN_TABLES)
    execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO {roles.group(NAMES[0])}")
    yield roles
    for name in NAMES:
        roles.drop_login(name)
        roles.drop_login(name, number=2)
        execute(f"DROP OWNED BY {roles.group(name)}")
        execute(f"DROP ROLE {roles.group(name)}")


@pytest.fixture
def environment(outbox: Path) -> dict[str, str]:
    """The environment of all processes, without a database."""
    return {
        **os.environ,
        "DJANGO_SECRET_KEY": "of-these-tests-alone-and-longer-than-fifty-characters",
        "DJANGO_SETTINGS_MODULE": "tests.acceptance.role_settings",
        "TEST_FILE": str(outbox),
        "TEST_PUBLISHER": "OutagePublisher",
    }


@pytest.fixture
def web(roles: Roles, environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """The URL of the todo project, served under the web role."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable, "-m", "gunicorn", "example.project.wsgi", f"--bind=127.0.0.1:{port}",
        "--workers=1", "--threads=2",
    ]  # fmt: skip
    variables = {**environment, "DATABASE_URL": roles.url("dj_actions_web")}
    with Process("web", command, log=tmp_path / "web.log", env=variables, cwd=ROOT) as process:
        process.wait_until_ready(lambda: is_healthy(url), timeout=60)
        yield url


def is_healthy(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=5).ok
    except requests.RequestException:
        return False


@pytest.fixture
def start_relay(
    roles: Roles, environment: dict[str, str], tmp_path: Path
) -> Iterator[Callable[..., Process]]:
    """Return a function that starts a relay under the relay role."""
    started: list[Process] = []

    def start(*, number: int = 1) -> Process:
        url = roles.url("dj_actions_relay", number=number)
        log = tmp_path / f"relay-{len(started)}.log"
        arguments = {**environment, "DATABASE_URL": url}
        settings = arguments.pop("DJANGO_SETTINGS_MODULE")
        started.append(run_relay(log, "--publisher=test", f"--settings={settings}", **arguments))
        return started[-1]

    yield start
    for relay in started:
        relay.stop()


@pytest.fixture
def ann(transactional_db: None) -> User:
    return User.objects.create_user("ann", password=PASSWORD, is_staff=True)


@pytest.fixture
def todos(ann: User) -> list[Todo]:
    return [Todo.objects.create(title=f"Todo {number}", owner=ann) for number in range(3)]


class Client:
    """Sends requests as ann."""

    def __init__(self, url: str) -> None:
        self._url = url

    def post(self, path: str, body: Any, **headers: str) -> requests.Response:
        return requests.post(
            f"{self._url}{path}", json=body, headers=headers, auth=("ann", PASSWORD), timeout=60
        )

    def mark_done(self, todo: Todo, note: str = "done", **headers: str) -> requests.Response:
        return self.post(f"/todos/{todo.pk}/actions/mark_done/", {"note": note}, **headers)

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self._url}{path}", auth=("ann", PASSWORD), timeout=60)


@pytest.fixture
def client(web: str, ann: User) -> Client:
    return Client(web)


def test_the_web_role_runs_actions_and_records_them(client: Client, todos: list[Todo]) -> None:
    first, second, third = todos
    key = {"Idempotency-Key": "milk-1"}

    assert client.mark_done(first, "two bottles", **key).status_code == 200
    replayed = client.mark_done(first, "two bottles", **key)
    assert (replayed.status_code, replayed.headers["Idempotent-Replayed"]) == (200, "true")
    assert client.mark_done(first, "another", **key).status_code == 422
    bulk = client.post("/todos/actions/bulk_mark_done/", {"ids": [second.pk, third.pk]})
    assert bulk.status_code == 200
    dry_run = client.post(f"/todos/{first.pk}/actions/mark_done/?dry_run=1", {})
    assert (dry_run.status_code, dry_run.json()["dry_run"]) == (200, True)
    assert client.post(f"/todos/{first.pk}/actions/hand_over/", {"to": "x"}).status_code == 400

    assert Todo.objects.filter(done=True).count() == 3
    assert ActionEvent.objects.succeeded().count() == 2
    assert ActionEvent.objects.failed().count() == 1 + 1  # the reused key, and the unknown user
    assert Delivery.objects.filter(state=DeliveryState.PENDING).count() == 2


def test_the_web_role_serves_the_read_api(client: Client, todos: list[Todo], ann: User) -> None:
    ann.is_superuser = True
    ann.save()
    assert client.mark_done(todos[0]).status_code == 200
    (event,) = client.get("/api/action-events/?publisher=test").json()["results"]
    assert [entry["state"] for entry in event["deliveries"]] == ["pending"]
    assert client.get(f"/api/action-events/{event['id']}/").status_code == 200


def test_the_web_role_knows_machines(web: str, ann: User, todos: list[Todo]) -> None:
    new = create_machine_token(
        "airflow", owner=ann, actions=["todo.mark_done"], lifetime=None, actor=None
    )
    answer = requests.post(
        f"{web}/todos/{todos[0].pk}/actions/mark_done/",
        headers={"Authorization": f"Bearer {new.secret}"},
        timeout=60,
    )

    assert answer.status_code == 200
    assert MachineToken.objects.get().last_used_at is not None


def test_the_relay_role_delivers_in_order_through_an_outage(
    client: Client, todos: list[Todo], start_relay: Callable[..., Process], outbox: Path
) -> None:
    outage = outbox.with_suffix(".down")
    outage.touch()
    relay = start_relay()
    wait_for(RelayHeartbeat.objects.exists, "The relay")
    for note in ("first", "second"):
        for todo in todos:
            assert client.mark_done(todo, note).status_code == 200
    bulk = client.post("/todos/actions/bulk_mark_done/", {"ids": [todo.pk for todo in todos]})
    assert bulk.status_code == 200
    opened = PublisherState.objects.exclude(open_until=None)
    wait_for(opened.exists, "An open circuit breaker")
    outage.unlink()
    delivered = Delivery.objects.filter(state=DeliveryState.DELIVERED)
    wait_for(lambda: delivered.count() == 7, "All deliveries")

    lines = [line.split() for line in outbox.read_text().splitlines()]
    for todo in todos:
        of_todo = ActionEvent.objects.matching(object=str(todo.pk)).order_by("pk")
        sent = [pk for ids, pk in lines if str(todo.pk) in ids.split(",")]
        assert sent == [str(event.pk) for event in of_todo]
    assert not opened.exists()
    assert relay.returncode is None
    relay.stop()
    assert relay.returncode == 0
    assert not RelayHeartbeat.objects.exists()


def test_a_notification_of_the_web_role_reaches_the_relay_role(
    client: Client, roles: Roles, todos: list[Todo]
) -> None:
    with psycopg.connect(roles.url("dj_actions_relay"), autocommit=True) as session:
        session.execute(f"LISTEN {CHANNEL}")
        assert client.mark_done(todos[0]).status_code == 200
        (notification,) = session.notifies(timeout=60, stop_after=1)
    assert notification.payload == "test"


def test_a_login_is_replaced_without_losing_a_delivery(
    client: Client,
    roles: Roles,
    todos: list[Todo],
    start_relay: Callable[..., Process],
    outbox: Path,
) -> None:
    old = start_relay()
    assert client.mark_done(todos[0]).status_code == 200
    delivered = Delivery.objects.filter(state=DeliveryState.DELIVERED)
    wait_for(lambda: delivered.count() == 1, "A delivery by the old login")

    roles.create_login("dj_actions_relay", number=2)
    new = start_relay(number=2)
    wait_for(lambda: RelayHeartbeat.objects.count() == 2, "The new relay")
    old.stop()
    assert old.returncode == 0
    roles.drop_login("dj_actions_relay")
    assert client.mark_done(todos[1]).status_code == 200
    wait_for(lambda: delivered.count() == 2, "A delivery by the new login")
    assert new.returncode is None
    assert len(outbox.read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("dj_actions_web", "UPDATE dj_actions_actionevent SET actor_label = 'bob'"),
        ("dj_actions_web", "DELETE FROM dj_actions_actionevent"),
        ("dj_actions_web", "UPDATE dj_actions_delivery SET attempts = 0"),
        ("dj_actions_web", "SELECT FROM dj_actions_publisherstate"),
        ("dj_actions_web", "UPDATE dj_actions_machinetoken SET actions = '[]'"),
        ("dj_actions_relay", "SELECT FROM dj_actions_machinetoken"),
        ("dj_actions_relay", "INSERT INTO dj_actions_delivery (publisher) VALUES ('x')"),
        ("dj_actions_relay", "UPDATE dj_actions_actionevent SET actor_label = 'bob'"),
        ("dj_actions_relay", "DELETE FROM dj_actions_delivery"),
        ("dj_actions_relay", "SELECT FROM auth_user"),
        ("dj_actions_operator", "UPDATE dj_actions_actionevent SET actor_label = 'bob'"),
        ("dj_actions_operator", "TRUNCATE dj_actions_delivery"),
    ],
)
def test_a_role_can_do_nothing_else(roles: Roles, role: str, statement: str) -> None:
    with psycopg.connect(roles.url(role)) as session, pytest.raises(InsufficientPrivilege):
        session.execute(statement)


OPERATIONS = """
import json, sys
import django
from django.core.management import call_command

django.setup()
for arguments in json.loads(sys.argv[1]):
    try:
        call_command(*arguments)
    except SystemExit:
        print("It exits by itself: it has found something.")
"""


def test_the_operator_role_runs_all_operations(
    roles: Roles, environment: dict[str, str], ann: User, tmp_path: Path
) -> None:
    execute(f"GRANT SELECT ON auth_user TO {roles.group('dj_actions_operator')}")
    for number in range(4):
        event = ActionEvent.objects.create(
            resource="todo", action="mark_done", object_id=str(number), object_ids=[str(number)]
        )
        Delivery.objects.create(event=event, publisher="test")
    dead = Delivery.objects.order_by("pk")[0]
    (claimed,) = Delivery.objects.claim("test", limit=1, lease=60)
    assert claimed.pk == dead.pk
    Delivery.objects.give_up(claimed, failure())
    reason = ["--reason", "a test", "--as", "ann"]
    commands = [
        ["dj_actions_doctor"],
        ["outbox", "stats"],
        ["outbox", "list"],
        ["outbox", "show", str(dead.pk)],
        ["outbox", "pause", "test", *reason],
        ["outbox", "replay", "--all", *reason],
        ["outbox", "retry", "--all"],
        ["outbox", "cancel", "--all", *reason],
        ["outbox", "resume", "test", *reason],
        ["machine_token", "create", "airflow", "--owner", "ann", "--action", "todo.*"],
        ["machine_token", "rotate", "airflow", "--overlap", "0"],
        ["machine_token", "list"],
        ["machine_token", "revoke", "airflow", *reason],
        ["prune_outbox", "--cancelled-after", "0"],
        ["archive_actions", "--before", "2999-01-01T00:00:00Z"],
    ]
    variables = {**environment, "DATABASE_URL": roles.url("dj_actions_operator")}
    command = [sys.executable, "-c", OPERATIONS, json.dumps(commands)]
    with Process("operations", command, log=tmp_path / "log", env=variables, cwd=ROOT) as run:
        assert run.wait(timeout=120) == 0, run.log_tail()
    assert "permission denied" not in run.log.read_text()
    assert not Delivery.objects.exists()
    assert not ActionEvent.objects.exists()
    assert ArchivedActionEvent.objects.filter(resource="todo").count() == 4
    assert ArchivedActionEvent.objects.filter(actor_id=str(ann.pk)).count() == 4 + 2
    assert MachineToken.objects.exclude(revoked_at=None).count() == 2
