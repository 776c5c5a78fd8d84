"""manage.py relay_health: whether a relay lives, in one line and an exit code."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from dj_actions.models import RelayHeartbeat
from dj_actions.outbox.queries import from_now
from tests.integration.doctor.conftest import HOST, See

ROOT = Path(__file__).parents[3]


def run(*arguments: str) -> tuple[int, str]:
    """Return the exit code and the line."""
    out = io.StringIO()
    try:
        call_command("relay_health", *arguments, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue().strip()
    return 0, out.getvalue().strip()


def test_a_relay_that_was_just_seen_lives(see: See) -> None:
    relay = see()
    code, line = run()

    assert code == 0
    assert line.startswith(f"Relay {HOST}:{relay.pid} was last seen ")


@pytest.mark.django_db
def test_without_any_relay_the_line_says_so() -> None:
    assert run() == (1, f"No relay on {HOST} has ever been seen.")
    assert run("--any-host") == (1, "No relay has ever been seen.")


def test_a_relay_that_has_been_silent_for_too_long_is_reported_with_its_age(see: See) -> None:
    see(ago=100)
    code, line = run("--max-age", "30")

    assert code == 1
    assert "was last seen 100." in line or "was last seen 99." in line
    assert line.endswith("s ago, which is more than 30 s.")


def test_how_long_it_may_be_silent_is_the_callers_choice(see: See) -> None:
    see(ago=100)

    assert run("--max-age", "200")[0] == 0


def test_the_latest_heartbeat_counts(see: See) -> None:
    see(ago=100)
    see()

    assert run()[0] == 0


def test_a_silent_relay_that_beats_again_lives(see: See) -> None:
    relay = see(ago=100)
    RelayHeartbeat.objects.record_heartbeat(
        relay.pk, host=HOST, pid=relay.pid, publishers=["memory"]
    )

    assert run()[0] == 0


def test_a_relay_that_has_ended_lives_no_more(see: See) -> None:
    RelayHeartbeat.objects.delete_heartbeat(see().pk)

    assert run()[0] == 1


def test_a_relay_of_another_host_counts_only_on_request(see: See) -> None:
    see(host="elsewhere")

    assert run() == (1, f"No relay on {HOST} has ever been seen.")
    assert run("--any-host")[0] == 0


def test_a_clock_set_back_does_not_kill_a_relay(see: See) -> None:
    RelayHeartbeat.objects.filter(pk=see().pk).update(seen_at=from_now(3600))
    code, line = run()

    assert code == 0
    assert "seen 0.0 s ago" in line


def test_in_json_it_says_the_same(see: See) -> None:
    relay = see(ago=100)
    code, line = run("--json")
    said = json.loads(line)

    assert (code, said["alive"], said["relay"]) == (1, False, f"{HOST}:{relay.pid}")
    assert 99 <= said["seconds"] < 200
    assert said["message"].endswith("which is more than 30 s.")


@pytest.mark.parametrize("age", ["-1", "nan", "inf", "1e9", "soon"])
def test_an_age_that_makes_no_sense_is_refused(age: str) -> None:
    with pytest.raises(CommandError, match="is not a number of seconds between 0 and 31536000"):
        call_command("relay_health", f"--max-age={age}")


def outside(database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a supervisor does."""
    environment: dict[str, Any] = {**os.environ, "DATABASE_URL": database_url}
    environment["DJANGO_SETTINGS_MODULE"] = "example.project.settings"
    environment["DJANGO_SECRET_KEY"] = environment["SECRET_KEY"] = "for-this-test-alone"
    return subprocess.run(
        [sys.executable, "example/manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_database_that_is_away_is_one_line_and_no_traceback() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"postgresql://nobody:hush@127.0.0.1:{bound.getsockname()[1]}/none"
        ended = outside(url, "relay_health")

    (line,) = ended.stdout.splitlines()
    assert ended.returncode == 1
    assert line.startswith("Cannot query the database: ")
    assert "refused" in line
    assert "hush" not in line
    assert ended.stderr == ""


def test_a_database_without_our_tables_is_one_line_too(tmp_path: Path) -> None:
    ended = outside(f"sqlite:///{tmp_path / 'empty.sqlite3'}", "relay_health", "--json")

    assert ended.returncode == 1
    assert "no such table" in json.loads(ended.stdout)["message"]
    assert ended.stderr == ""
