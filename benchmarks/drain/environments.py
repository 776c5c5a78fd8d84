"""A Python environment of its own, for a candidate that needs another one than the benchmarks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.child import ChildProcess
from benchmarks.drain.candidates import Candidate
from benchmarks.errors import BenchmarkError

MIGRATE = "benchmarks.drain.migrate"
INSTALL_SECONDS = 300.0


class EnvironmentUnavailable(BenchmarkError):
    """A candidate's environment cannot be installed on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What a candidate's processes run in; the default is the environment of the benchmarks."""

    interpreter: str = sys.executable
    versions: Mapping[str, str] = field(default_factory=dict)
    """Versions of Python and of packages, if they may differ from those of the benchmarks."""


def set_up(candidate: Candidate, url: str) -> Environment:
    """Install a candidate's environment, and create its tables in a database.

    Raises:
        EnvironmentUnavailable: there is no Python for it, or its packages cannot be installed.
    """
    if candidate.project is None:
        return Environment()
    interpreter = str(install(candidate.project))
    with ChildProcess(
        MIGRATE,
        candidate.packages,
        interpreter=interpreter,
        environment={"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": candidate.settings},
    ) as child:
        return Environment(interpreter=interpreter, versions=child.read()["versions"])


def install(project: Path) -> Path:
    """Install the locked packages of a uv project in its `.venv`, and return the interpreter.

    Raises:
        EnvironmentUnavailable: uv is missing, or it finds no Python or package for the project.
    """
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        raise EnvironmentUnavailable("uv, which installs its packages, is not on PATH")
    command = [uv, "sync", "--quiet", "--locked", "--project", str(project)]
    try:
        subprocess.run(
            command, env=_variables(), check=True, capture_output=True, text=True,
            timeout=INSTALL_SECONDS,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        raise EnvironmentUnavailable(
            f"it needs Python {_python_versions(project)} and its packages, and uv reports: "
            f"{_reason(error.stderr)}"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise EnvironmentUnavailable(
            f"uv did not install its packages within {INSTALL_SECONDS:.0f} s"
        ) from error
    return project / ".venv" / "bin" / "python"


def _reason(output: str) -> str:
    """Return uv's error and its first cause, without the causes of that one."""
    errors = output.removeprefix("error:").split("\n  cause:")[:2]
    return ": ".join(" ".join(error.split()) for error in errors)


def _python_versions(project: Path) -> str:
    content = tomllib.loads((project / "pyproject.toml").read_text())
    return str(content["project"]["requires-python"])


def _variables() -> dict[str, str]:
    """Return the environment variables for uv, without those of the running environment."""
    kept = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    # pyenv has only the selected versions on PATH.
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    folders = sorted(str(folder) for folder in root.glob("versions/*/bin"))
    return kept | {"PATH": os.pathsep.join([os.environ.get("PATH", os.defpath), *folders])}
