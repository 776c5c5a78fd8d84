"""`python -m dj_actions_stream.server`, as docs/feeds-server.md shows it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from dj_actions_stream.server.management.commands.run_feeds_server import Handler
from django.test import RequestFactory
from pytest_django import Settings

ROOT = Path(__file__).resolve().parents[4]
PAGE = (ROOT / "docs/feeds-server.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
DOCUMENT = re.findall(r"```html\n(.*?)```", PAGE, re.DOTALL)[0]
ADDRESS = "http://localhost:9000"


def environment(**variables: str) -> dict[str, str]:
    """Return the environment of a shell that has neither Django's settings nor a proxy."""
    ours = ("FEEDS_", "STREAM_", "DJANGO_", "LOCAL", "DATABASE_URL", "HTTP_PROXY", "http_proxy")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"PYTHONPATH": f"{ROOT / 'integrations'}:{ROOT}", **variables}


@contextmanager
def server(folder: Path, *arguments: str, **variables: str) -> Iterator[str]:
    """Run a server in an empty folder, and return what it printed when it was ready."""
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "dj_actions_stream.server", *arguments],
        cwd=folder,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        printed = ""
        for line in process.stdout:
            printed += line
            if "Browse feeds:" in line:
                break
        try:
            yield printed
        finally:
            process.terminate()


def run(folder: Path, code: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_from_nothing_to_a_feed_in_a_browser(tmp_path: Path) -> None:
    with server(tmp_path, "localhost:0") as printed:
        (url,) = re.findall(r"^Feeds server: (.+)$", printed, re.MULTILINE)
        token = run(tmp_path, PYTHON.replace(ADDRESS, url))
        # What the script of the page sends.
        (feed,) = re.findall(r'const url = "([^"]+)"', DOCUMENT)
        response = requests.get(
            feed.replace(ADDRESS, url),
            headers={"Authorization": token, "stream-auth-type": "jwt", "Origin": "null"},
            timeout=10,
        )
        listed = requests.get(f"{url}/", timeout=10)

    assert response.headers["Access-Control-Allow-Origin"] == "*"
    (activity,) = response.json()["results"]
    assert (activity["actor"], activity["verb"], activity["object"]) == ("ann", "finish", "todo:7")
    assert "/browser/feeds/timeline/bob/" in listed.text
    assert re.search(r"^api_key: +development$", printed, re.MULTILINE)


def test_activities_and_secret_survive_a_restart(tmp_path: Path) -> None:
    connect = PYTHON.partition("client.feed")[0]
    add = 'client.feed("user", "ann").add_activity({"actor": "ann", "verb": "v", "object": "o"})'
    count = 'print(len(client.feed("user", "ann").get()["results"]))'
    counts = []
    for _ in range(2):
        with server(tmp_path, "localhost:0") as printed:
            (url,) = re.findall(r"^Feeds server: (.+)$", printed, re.MULTILINE)
            counts.append(run(tmp_path, f"{connect.replace(ADDRESS, url)}\n{add}\n{count}"))

    assert counts == ["1", "2"]
    assert {path.name for path in (tmp_path / "feeds-server").iterdir()} >= {
        "api-secret",
        "feeds.sqlite3",
    }


@pytest.mark.parametrize(
    ("arguments", "variables", "expected"),
    [
        (["0.0.0.0:0"], {}, "FEEDS_BROWSER"),
        (["nowhere"], {}, "not an address"),
        ([], {"FEEDS_DATABASE_URL": "nonsense"}, "FEEDS_DATABASE_URL"),
        ([], {"FEEDS_CONFIG": "missing.json"}, "missing.json"),
    ],
)
def test_a_mistake_is_reported(
    tmp_path: Path, arguments: list[str], variables: dict[str, str], expected: str
) -> None:
    with server(tmp_path, *arguments, **variables) as printed:
        assert expected in printed
        assert "Feeds server:" not in printed


def test_a_port_that_is_taken_is_reported_with_a_way_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with server(tmp_path, str(port)) as printed:
            assert f"Cannot listen on {port}: Address already in use." in printed
            assert "another port, for example 9001" in printed


def test_in_a_project_it_has_only_the_urls_of_the_server(settings: Settings) -> None:
    settings.ROOT_URLCONF, settings.DEBUG = "tests.urls", True
    statuses: list[str] = []

    def start_response(status: str, *_: object) -> Callable[[bytes], object]:
        statuses.append(status)
        return bytes

    for path in ("/healthz", "/browser/tokens/", "/todos/", "/api/v1.0/feed/user/1/"):
        environment = RequestFactory().get(path, HTTP_HOST="localhost").environ
        Handler()(environment, start_response)

    assert [status.partition(" ")[0] for status in statuses] == ["200", "200", "404", "401"]
