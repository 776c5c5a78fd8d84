"""The container engine of the machine, or one started for the test in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.compose.commands import CommandError, run

ROOT = Path(__file__).resolve().parents[2]
SUITE = "trixie"
PACKAGES = (
    "ca-certificates,docker.io,docker-cli,docker-compose,docker-buildx,"
    "iproute2,iptables,nftables,tini"
)
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
BRIDGE = "docker0"
UNSHARE = shutil.which("unshare") or "unshare"
START = Path(__file__).with_name("start_engine")
SOURCE_INSIDE = "/source"
BOOTSTRAP_SECONDS = 900
START_SECONDS = 60
STOP_SECONDS = 60


class NoEngineError(Exception):
    """No container engine can be had here; the message says what is missing."""


class Engine(ABC):
    """A running container engine with Compose.

    Attributes:
        registry: whether it can fetch images; otherwise stand-ins are built.
    """

    registry: bool

    @abstractmethod
    def command(self, *arguments: str) -> list[str]:
        """Return the command line of `docker ARGUMENTS` in the folder of the repository."""

    def docker(self, *arguments: str, timeout: float = 120, stdin: bytes | None = None) -> str:
        """Run `docker ARGUMENTS` and return what it printed. Raises CommandError."""
        return run(self.command(*arguments), timeout=timeout, stdin=stdin, cwd=ROOT)


class InstalledEngine(Engine):
    """The engine of this machine."""

    registry = True

    def command(self, *arguments: str) -> list[str]:
        return ["docker", *arguments]


class TemporaryEngine(Engine):
    """Debian's engine in a folder of its own, with the repository mounted read-only at /source."""

    registry = False

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def command(self, *arguments: str) -> list[str]:
        inside = ["nsenter", f"--target={self._pid}", "--mount", "--pid"]
        return [*inside, f"--wdns={SOURCE_INSIDE}", "docker", *arguments]


@contextmanager
def available_engine() -> Iterator[Engine]:
    """Yield the engine of the machine if it works, else a temporary one. Raises NoEngineError."""
    engine = InstalledEngine()
    try:
        engine.docker("compose", "version")
        engine.docker("info", timeout=30)
    except (CommandError, OSError) as error:
        reason = str(error).splitlines()[0]
    else:
        yield engine
        return
    _require_temporary_engine(reason)
    with _folder() as folder, _daemon(folder) as pid:
        yield TemporaryEngine(pid)


def bootstrap(target: Path, packages: str) -> None:
    """Install a minimal Debian with some packages in a folder."""
    run(
        ["debootstrap", "--variant=minbase", f"--include={packages}", SUITE, str(target)],
        timeout=BOOTSTRAP_SECONDS,
    )


def _require_temporary_engine(reason: str) -> None:
    if os.geteuid() != 0:
        raise NoEngineError(f"{reason} An engine of the test's own needs root.")
    if shutil.which("debootstrap") is None:
        raise NoEngineError(f"{reason} An engine of the test's own needs Debian's debootstrap.")


@contextmanager
def _folder() -> Iterator[Path]:
    # Not /tmp: it can be a tmpfs, which is too small and carries no overlay.
    folder = Path(tempfile.mkdtemp(prefix="dj-actions-compose-", dir="/var/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _daemon(folder: Path) -> Iterator[int]:
    """Run the engine in mount and process namespaces of its own; yield its process id."""
    bootstrap(folder / "engine", PACKAGES)
    log = folder / "engine.log"
    with log.open("wb") as output, _network_restored(folder / "engine"):
        starter = subprocess.Popen(
            [UNSHARE, "--mount", "--pid", "--fork", str(START), str(folder), str(ROOT)],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield _wait_for_engine(starter, log)
        finally:
            _stop(starter)


@contextmanager
def _network_restored(root: Path) -> Iterator[None]:
    """Remove afterwards what the engine adds to the network of the machine, which it shares."""
    tables = _packet_filter_tables(root)
    forwarding = FORWARDING.read_text()
    try:
        yield
    finally:
        for table in _packet_filter_tables(root) - tables:
            run(["chroot", str(root), "nft", "delete", *table.split()], timeout=10)
        with suppress(CommandError):
            run(["chroot", str(root), "ip", "link", "delete", BRIDGE], timeout=10)
        FORWARDING.write_text(forwarding)


def _packet_filter_tables(root: Path) -> set[str]:
    """Return the tables of the packet filter, each as `table FAMILY NAME`."""
    return set(run(["chroot", str(root), "nft", "list", "tables"], timeout=10).splitlines())


def _wait_for_engine(starter: subprocess.Popen[bytes], log: Path) -> int:
    """Return the process id of the engine as this process sees it, once it responds."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and starter.poll() is None:
        with suppress(CommandError, IndexError):
            pid = _descendants(starter.pid)[-1]
            TemporaryEngine(pid).docker("info", timeout=10)
            return pid
        time.sleep(0.2)
    raise NoEngineError(
        f"Debian's engine did not start.\n{log.read_text(errors='replace')[-2000:]}"
    )


def _descendants(pid: int) -> list[int]:
    """Return the first child, its first child and so on: unshare, the init, the engine."""
    found: list[int] = []
    while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pid = int(children[0])
        found.append(pid)
    return found[:2]


def _stop(starter: subprocess.Popen[bytes]) -> None:
    with suppress(IndexError, ProcessLookupError, FileNotFoundError):
        os.kill(_descendants(starter.pid)[0], signal.SIGTERM)
    try:
        starter.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        starter.kill()
        starter.wait()
