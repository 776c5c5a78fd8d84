"""The feeds server from the wheel alone, without a project, as docs/feeds-server.md shows it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.packaging.commands import ROOT, outer_environment, run
from tests.packaging.conftest import install

PAGE = (ROOT / "docs/feeds-server.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]


@pytest.fixture(scope="module")
def program(uv: str, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Python that has the wheel with the extra [stream]."""
    return install(uv, f"{wheel}[stream]", tmp_path_factory.mktemp("stream"), "--all-extras")


@pytest.fixture
def url(program: Path, tmp_path: Path) -> Iterator[str]:
    """Return the address of a server that runs in an empty folder."""
    with subprocess.Popen(
        [program, "-u", "-m", "dj_actions_stream.server", "localhost:0"],
        cwd=tmp_path,
        env=outer_environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().removeprefix("Feeds server:").strip()
        finally:
            process.terminate()


def test_from_pip_install_to_a_feed_in_a_browser(program: Path, url: str, tmp_path: Path) -> None:
    code = PYTHON.replace("http://localhost:9000", url)
    done = run(program, "-c", code, cwd=tmp_path, env={"NO_PROXY": "localhost"})
    page = requests.get(f"{url}/browser/feeds/timeline/bob/", timeout=10)

    assert done.returncode == 0, done.stderr
    assert done.stdout.count(".") == 2
    assert page.status_code == 200
    assert "ann finish todo:7" in page.text
    assert [path.name for path in tmp_path.iterdir()] == ["feeds-server"]
