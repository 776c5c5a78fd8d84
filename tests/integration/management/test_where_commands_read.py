"""Operators' commands read where they write, and through a pooler in transaction mode as well."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db import connections as all_connections
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from example.launch.process import Process, accepts_connections, free_port
from tests.conftest import InThread, MakeDelivery
from tests.fixtures.outbox import MakeSettled

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("two_publishers")]

ARCHIVE = "archive_actions --older-than-minutes 0"
COMMANDS = (
    "outbox list",
    "outbox list --json --publisher memory --limit 2",
    "outbox list --action todo.mark_done --error x",
    "outbox show {id}",
    "outbox stats",
    "outbox stats --publisher memory",
    "outbox metrics",
    "outbox retry --all --dry-run",
    "outbox cancel --all --dry-run",
    "outbox replay --object 7 --dry-run",
    "outbox discard --all --limit 1 --dry-run",
    "outbox pause other --reason x",
    "outbox resume other --reason x",
    "outbox retry --all",
    "outbox replay --all --limit 1 --reason x",
    "outbox discard --all --reason x",
    "outbox cancel --all --reason x",
    "prune_outbox --dry-run",
    "prune_outbox",
    "archive_actions --dry-run --older-than-minutes 0",
    ARCHIVE,
    "run_relay --drain",
    "dj_actions_doctor",
    "relay_health",
    "check --database default",
)

POOL_SIZE = 4

connections = cast("Any", all_connections)

RunAll = Callable[[], dict[str, str]]


class ReadRouter:
    """Routes reads of events and deliveries to another database."""

    read_from = "nowhere"

    def db_for_read(self, model: type[Model], **_hints: object) -> str | None:
        return self.read_from if model._meta.app_label == "dj_actions" else None

    def db_for_write(self, _model: type[Model], **_hints: object) -> str:
        return "default"

    def allow_relation(self, *_objects: object, **_hints: object) -> bool:
        return True


class ReplicaRouter(ReadRouter):
    """Routes them to a replica."""

    read_from = "replica"


def run(command: str) -> str:
    out = io.StringIO()
    try:
        call_command(*command.split(), stdout=out, stderr=out)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - each test says which it minds
        out.write(f"\n{error}")
    return out.getvalue()


@pytest.fixture
def run_all(make_delivery: MakeDelivery, make_settled: MakeSettled) -> RunAll:
    """Return a function that runs each command, and returns what each has said."""
    first = make_delivery()
    for _ in range(2):
        make_delivery()
        make_settled("dead", days=1)
        make_settled("delivered", days=40)

    def run_all() -> dict[str, str]:
        return {command: run(command.format(id=first.pk)) for command in COMMANDS}

    return run_all


def test_they_read_the_database_that_is_written_to(run_all: RunAll, settings: Settings) -> None:
    settings.DATABASE_ROUTERS = [ReadRouter()]
    said = run_all()
    # Django itself prepares a prefetch for the database of the routers, see the next test.
    assert {command for command, text in said.items() if "nowhere" in text} <= {ARCHIVE}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True, databases=["default", "replica"])
def test_what_is_archived_and_deleted_is_not_read_from_a_replica(
    run_all: RunAll, settings: Settings
) -> None:
    settings.DATABASE_ROUTERS = [ReplicaRouter()]
    with CaptureQueriesContext(connections["replica"]) as queries:
        said = run_all()
    assert "events archived" in said[ARCHIVE]
    assert [query["sql"] for query in queries if "dj_actions_" in query["sql"]] == []


def test_they_need_no_server_side_cursors(run_all: RunAll, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Any:
        raise RuntimeError("a pooler in transaction mode loses server-side cursors")

    monkeypatch.setattr(connections["default"], "chunked_cursor", refuse)
    assert {command for command, text in run_all().items() if "pooler in tr" in text} == set()


@pytest.fixture
def pooled(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Let all threads but this one connect through PgBouncer in transaction mode."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("PgBouncer is not installed.")
    direct = connections["default"].settings_dict
    folder, port = Path(tempfile.mkdtemp(prefix="pgbouncer-")), free_port()
    configuration = folder / "pgbouncer.ini"
    server = " ".join(
        f"{name.lower()}={direct[name]}" for name in ("HOST", "PORT", "USER", "PASSWORD")
    )
    configuration.write_text(
        f"""
        [databases]
        * = {server}
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = {port}
        unix_socket_dir =
        auth_type = any
        pool_mode = transaction
        default_pool_size = {POOL_SIZE}
        server_round_robin = 1
        """
    )
    folder.chmod(0o755)
    user = "nobody" if os.geteuid() == 0 else None
    with Process("PgBouncer", [program, configuration], log=folder / "log", user=user) as pooler:
        pooler.wait_until_ready(lambda: accepts_connections(port), timeout=20)
        patched = {**direct, "HOST": "127.0.0.1", "PORT": port}
        monkeypatch.setitem(connections.settings, "default", patched)
        yield
    shutil.rmtree(folder)


def open_all_servers() -> None:
    """Make the pooler open all its connections, so that it has a choice for each statement."""
    meeting = threading.Barrier(POOL_SIZE)

    def stay() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            meeting.wait(20)
        connection.close()

    with ThreadPoolExecutor(POOL_SIZE) as pool:
        for future in [pool.submit(stay) for _ in range(POOL_SIZE)]:
            future.result()


@pytest.mark.postgres
def test_they_work_through_a_pooler_in_transaction_mode(
    run_all: RunAll, pooled: None, in_thread: InThread[dict[str, str]]
) -> None:
    open_all_servers()
    said = in_thread(run_all)
    assert {command for command, text in said.items() if "_django_curs_" in text} == set()
    assert "2 of 7" in said["outbox list --json --publisher memory --limit 2"]
    assert "Dry run: 3 deliveries would be cancelled" in said["outbox cancel --all --dry-run"]
