"""Images that stand in for those of a registry, under the names our files use."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.compose.commands import CommandError
from tests.compose.engines import ROOT, Engine, bootstrap

BASE = "dj-actions-stand-in-base:local"
BASE_PACKAGES = "ca-certificates,curl,gosu,python3,python3-pip,python3-venv"
IMAGES = "tests/compose/images"
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
BUILD_SECONDS = 1200
TAR = shutil.which("tar") or "tar"


def build_stand_ins(engine: Engine, env_file: str, report: Callable[[str], None]) -> None:
    """Build the base images of Dockerfile and docker-compose.yml under the names given there."""
    report("Installing Debian into the base of the stand-in images")
    _import_base(engine)
    for kind, image in _images(engine, env_file).items():
        report(f"Building a stand-in for {image}")
        version = image.partition(":")[2]
        argument = ["--build-arg", f"VERSION={version}"] if kind == "airflow" else []
        engine.docker("build", "--tag", image, *argument, f"{IMAGES}/{kind}", timeout=BUILD_SECONDS)


def _images(engine: Engine, env_file: str) -> dict[str, str]:
    """Return the name of each image to stand in for, by the folder that describes it."""
    text = engine.docker("compose", "--env-file", env_file, "config", "--format", "json")
    services = json.loads(text)["services"]
    dockerfile = (ROOT / "Dockerfile").read_text()
    found = re.search(r"^FROM (python:\S+)", dockerfile, re.MULTILINE)
    if found is None:
        raise CommandError("Dockerfile has no line `FROM python:…`.")
    return {
        "python": found[1],
        "postgres": services["postgres"]["image"],
        "airflow": services["airflow-init"]["image"],
    }


def _import_base(engine: Engine) -> None:
    with tempfile.TemporaryDirectory(prefix="dj-actions-base-", dir="/var/tmp") as folder:
        root = Path(folder, "root")
        bootstrap(root, BASE_PACKAGES)
        # The machine may reach the package index only by a certificate authority of its own.
        certificates = Path("/", CERTIFICATES)
        if certificates.exists():
            (root / CERTIFICATES).write_bytes(certificates.read_bytes())
        archive = subprocess.Popen([TAR, "-C", str(root), "-c", "."], stdout=subprocess.PIPE)
        imported = subprocess.run(
            engine.command("import", "-", BASE),
            stdin=archive.stdout,
            stdout=subprocess.DEVNULL,
            cwd=ROOT,
            check=False,
        )
        if archive.wait() or imported.returncode:
            raise CommandError(f"{BASE} could not be imported.")
