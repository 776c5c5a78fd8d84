"""`make env`: random secrets, once, and for their owner only."""

from __future__ import annotations

import base64
import re
import stat
from pathlib import Path

import pytest

from example.launch import env_file

EXAMPLE = """\
# A comment about PASSWORD=
DB_PASSWORD=
APP_FERNET_KEY=
PORT=8000
"""


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A small `.env.example`."""
    path = tmp_path / ".env.example"
    path.write_text(EXAMPLE)
    return path


def values(path: Path) -> dict[str, str]:
    """Return what a written file gives, as Compose reads it."""
    return dict(re.findall(r"^(\w+)=(.*)$", path.read_text(), re.MULTILINE))


def test_fills_in_what_is_empty_and_keeps_the_rest(example: Path, tmp_path: Path) -> None:
    target = tmp_path / ".env"

    assert env_file.write_env_file(example, target)

    written = values(target)
    assert written["PORT"] == "8000"
    assert re.fullmatch(r"[0-9a-f]{64}", written["DB_PASSWORD"])
    assert target.read_text().startswith("# A comment about PASSWORD=\n")


def test_fernet_key_is_32_bytes_in_url_safe_base64(example: Path, tmp_path: Path) -> None:
    env_file.write_env_file(example, tmp_path / ".env")

    key = values(tmp_path / ".env")["APP_FERNET_KEY"]

    assert len(base64.b64decode(key, altchars=b"-_", validate=True)) == 32


def test_two_files_share_no_secret(example: Path, tmp_path: Path) -> None:
    env_file.write_env_file(example, tmp_path / "one")
    env_file.write_env_file(example, tmp_path / "two")
    one, two = values(tmp_path / "one"), values(tmp_path / "two")

    assert {name for name in one if one[name] == two[name]} == {"PORT"}


def test_leaves_an_existing_file_alone(example: Path, tmp_path: Path) -> None:
    target = tmp_path / ".env"
    target.write_text("DB_PASSWORD=mine\n")

    assert not env_file.write_env_file(example, target)
    assert target.read_text() == "DB_PASSWORD=mine\n"


def test_only_the_owner_can_read_the_file(example: Path, tmp_path: Path) -> None:
    env_file.write_env_file(example, tmp_path / ".env")

    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_main_says_what_it_did(
    example: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(env_file, "ROOT", tmp_path)

    env_file.main()
    env_file.main()

    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("Wrote .env")
    assert second.startswith(".env already exists")


def test_needs_only_the_standard_library() -> None:
    source = Path(env_file.__file__).read_text()

    imported = re.findall(r"^(?:import|from) (\w+)", source, re.MULTILINE)

    assert set(imported) == {"__future__", "base64", "os", "pathlib", "secrets"}
