"""manage.py dj_actions_doctor: one line per finding, and an exit code."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import Settings

from tests.conftest import MakeDelivery
from tests.integration.doctor.conftest import See
from tests.integration.doctor.test_relay_health import outside
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = pytest.mark.django_db(transaction=True)

EVERYWHERE = [
    *("settings", "reachability", "database", "migrations", "relays", "paused", "breakers"),
    *("waiting", "timings", "dead", "runs", "leases", "unconfigured", "routes", "tokens"),
]
OF_THE_SERVER = {
    "postgresql": ["snapshots", "connections", "vacuum", "listening"],
    "sqlite": ["transactions"],
}


def run(*arguments: str) -> tuple[int, str]:
    """Return the exit code and what was written."""
    out = io.StringIO()
    try:
        call_command("dj_actions_doctor", *arguments, stdout=out, no_color=True)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def examined(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code and the JSON."""
    code, text = run("--json", *arguments)
    return code, json.loads(text)


def test_a_healthy_project_has_one_line_per_check(see: See) -> None:
    see()
    code, text = run()

    lines = text.splitlines()
    assert code == 0
    assert [line.split()[1] for line in lines] == EVERYWHERE + OF_THE_SERVER[connection.vendor]
    assert lines[0] == "ok       settings      DJ_ACTIONS is valid; publishers: memory."


def test_a_problem_comes_with_its_fix_and_exit_code_1(make_delivery: MakeDelivery) -> None:
    make_delivery()
    code, text = run()

    assert code == 1
    assert (
        "problem  relays        No relay was seen within 30 s; 1 delivery open. "
        "Fix: Start `manage.py run_relay`, and keep it running with a supervisor.\n"
    ) in text


def test_a_warning_counts_only_on_request(see: See, make_delivery: MakeDelivery) -> None:
    see()
    make_delivery(**POSSIBLE["dead"])

    assert run()[0] == 0
    assert run("--strict")[0] == 1


def test_in_json_it_says_the_same(see: See, make_delivery: MakeDelivery) -> None:
    see(ago=100)
    make_delivery()
    code, said = examined()

    (relays,) = [finding for finding in said["findings"] if finding["check"] == "relays"]
    assert (code, said["healthy"], relays["state"]) == (1, False, "problem")
    assert relays.keys() == {"check", "state", "message", "fix"}

    code, said = examined("--max-relay-age", "200")
    assert (code, said["healthy"]) == (0, True)


def test_settings_that_cannot_be_read_do_not_hide_the_server(settings: Settings) -> None:
    settings.DJ_ACTIONS = {"PUBLISHER": {}}
    code, said = examined()

    checks = [finding["check"] for finding in said["findings"]]
    assert code == 1
    of_the_server = [name for name in OF_THE_SERVER[connection.vendor] if name != "connections"]
    assert checks == ["settings", "database", "migrations", *of_the_server]


def test_tables_that_are_not_up_to_date_are_not_queried() -> None:
    ((app, name),) = MigrationLoader(connection).graph.leaf_nodes("dj_actions")
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied(app, name)
    try:
        code, said = examined()
    finally:
        recorder.record_applied(app, name)

    checks = [finding["check"] for finding in said["findings"]]
    assert code == 1
    assert checks[:4] == ["settings", "reachability", "database", "migrations"]
    assert checks[4:] == OF_THE_SERVER[connection.vendor]


def test_a_database_that_is_away_is_a_finding_and_no_traceback(tmp_path: Path) -> None:
    ended = outside(f"sqlite:///{tmp_path / 'missing' / 'db.sqlite3'}", "dj_actions_doctor")

    last = ended.stdout.splitlines()[-1]
    assert ended.returncode == 1
    assert last.startswith("problem  database      The check failed: OperationalError: ")
    assert ended.stderr == ""
