"""The unmodified client `getstream` of npm, in Node, with the secret and with users' tokens.

The tests are in the folder `javascript`. They run if Node is installed and `npm install` was run in
that folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.integration.stream.server.calls import API_KEY, API_SECRET

FOLDER = Path(__file__).parent / "javascript"
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(
    NODE is None or not (FOLDER / "node_modules").is_dir(),
    reason=f"requires Node, and `npm install` in {FOLDER.name}",
)


@pytest.fixture(autouse=True)
def _pages(settings: Settings, _site: None) -> None:
    settings.FEEDS_SERVER["OPEN_GRAPH"] = {"https://example.com/": {"title": "Example"}}


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.test.mjs")))
def test_the_client_in_node(live_server: LiveServer, name: str) -> None:
    environment = {
        **os.environ,
        "FEEDS_URL": f"http://localhost:{live_server.thread.port}",
        "FEEDS_API_KEY": API_KEY,
        "FEEDS_API_SECRET": API_SECRET,
    }
    ran = subprocess.run(
        [str(NODE), "--test", name],
        cwd=FOLDER,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
