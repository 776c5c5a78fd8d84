"""The recipe of the image: pinned, small, without secrets and without the checkout."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
IGNORED = [
    line
    for line in (ROOT / ".dockerignore").read_text().splitlines()
    if line and not line.startswith("#")
]


def instructions(name: str) -> list[str]:
    """Return the arguments of every instruction of that name."""
    return re.findall(rf"^{name}\s+(.+)$", DOCKERFILE, re.MULTILINE)


def copied_from_the_checkout() -> set[str]:
    """Return the paths that enter the image from the checkout."""
    return {
        source.rstrip("/")
        for words in map(str.split, instructions("COPY"))
        if not words[0].startswith("--from=")
        for source in words[:-1]
    }


def test_base_images_are_pinned_to_a_patch_release() -> None:
    bases = [line.split()[0] for line in instructions("FROM")]

    assert len(bases) == 2
    assert all(re.fullmatch(r"python:3\.13\.\d+-slim-\w+", base) for base in bases)


def test_what_is_copied_exists_and_is_let_in() -> None:
    allowed = {line.removeprefix("!") for line in IGNORED if line.startswith("!")}

    assert IGNORED[0] == "*"
    assert copied_from_the_checkout() == allowed
    assert all((ROOT / path).exists() for path in allowed)


@pytest.mark.parametrize("pattern", ["**/.env", "**/.env.*", "**/.venv", "**/__pycache__"])
def test_private_and_made_files_stay_out(pattern: str) -> None:
    last_exception = max(index for index, line in enumerate(IGNORED) if line.startswith("!"))

    assert IGNORED.index(pattern) > last_exception


def test_final_stage_has_the_wheel_and_the_example_only() -> None:
    final = DOCKERFILE.rpartition("\nFROM ")[2]

    assert re.findall(r"^COPY (.+)$", final, re.MULTILINE) == [
        "--from=build /opt/venv /opt/venv",
        "example/ example/",
    ]


def test_wheel_is_installed_with_the_extras_it_has() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = set(re.findall(r"--extra (\w+)", DOCKERFILE))

    assert asked == {"postgres", "stream", "airflow", "openapi"}
    assert asked <= project["optional-dependencies"].keys()
    assert "uv build --wheel" in DOCKERFILE
    assert "--editable" not in DOCKERFILE


def test_versions_come_from_the_lock() -> None:
    exports = re.findall(r"uv export ([^&]+)", DOCKERFILE)
    installs = re.findall(r"uv pip install ([^&\n]+)", DOCKERFILE)

    assert exports
    assert all("--locked" in export for export in exports)
    assert all(
        re.match(r"--(requirements|constraints) \w+\.txt|--no-deps ", install)
        for install in installs
    )


@pytest.mark.parametrize("server", ["gunicorn", "dj-database-url"])
def test_servers_of_the_image_are_locked(server: str) -> None:
    locked = tomllib.loads((ROOT / "uv.lock").read_text())["package"]

    assert server in {package["name"] for package in locked}
    assert re.search(rf"--constraints constraints.txt .*\b{server}\b", DOCKERFILE)


def test_container_does_not_run_as_root() -> None:
    user = instructions("USER")[-1]

    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert f"--uid {user.partition(':')[0]} " in DOCKERFILE


def test_image_holds_no_secret() -> None:
    assigned = " ".join(instructions("ENV") + instructions("ARG"))

    assert not re.search(r"SECRET|PASSWORD|TOKEN|_KEY", assigned)
