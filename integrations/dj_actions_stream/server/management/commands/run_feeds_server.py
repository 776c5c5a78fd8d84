"""Run the feeds server for development, on a port of its own."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Any, Self

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.servers.basehttp import WSGIServer, run
from django.db import router

from dj_actions_stream.server.browser.responses import is_enabled
from dj_actions_stream.server.conf import SETTING, Credentials
from dj_actions_stream.server.models import Activity

DEFAULT_ADDRESS = "localhost:9000"
_ADDRESS = re.compile(r"(?:(?P<host>\[[0-9a-fA-F:]+\]|[^\[\]:]+):)?(?P<port>\d{1,5})")


class Request(WSGIRequest):
    """A request to the feeds server, whatever the ROOT_URLCONF of the project is."""

    urlconf = "dj_actions_stream.server.site.urls"


class Handler(WSGIHandler):
    """A WSGI application with the URLs of the feeds server."""

    request_class = Request


class Server(WSGIServer):
    """Django's server for development, for clients that send many requests at once."""

    # Of more connections that are not accepted yet, the system drops some: their clients try again
    # after a second, then after two, and so on.
    request_queue_size = 1024

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection, on which each part of a response is sent at once.

        Headers and body are two parts. Otherwise the second one waits until the client confirms
        the first, for 40 ms on most systems.
        """
        connection, address = super().get_request()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection, address


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where the server listens."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the address in `port` or `host:port`, or raise CommandError."""
        match = _ADDRESS.fullmatch(text)
        if match is None or int(match["port"]) > 65535:  # noqa: PLR2004 - the highest port
            raise CommandError(f"{text!r} is not an address; write it as {DEFAULT_ADDRESS}.")
        return cls(host=match["host"] or "localhost", port=int(match["port"]))

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine reach it."""
        try:
            return ipaddress.ip_address(self.bind).is_loopback
        except ValueError:
            return False

    @property
    def bind(self) -> str:
        """The IP address or name to listen on."""
        return "127.0.0.1" if self.host == "localhost" else self.host.strip("[]")


class Command(BaseCommand):
    """The command."""

    help = "Run the feeds server, Stream's API on this machine, for development and tests."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments."""
        parser.add_argument(
            "address", nargs="?", default=DEFAULT_ADDRESS, help="port, or host:port"
        )
        parser.add_argument(
            "--skip-migrate",
            action="store_true",
            help="do not create or update the tables of the feeds server first",
        )

    def handle(self, *_: Any, address: str, skip_migrate: bool, **__: Any) -> None:
        """Create the tables, and serve until interrupted."""
        parsed = Address.parse(address)
        if is_enabled() and not parsed.is_loopback:
            raise CommandError(
                f"The pages below /browser/ give tokens to everyone who reaches {parsed.host}. "
                f"Set {SETTING}['BROWSER'] to False, or the environment variable FEEDS_BROWSER "
                "to 0."
            )
        if not skip_migrate:
            database = router.db_for_write(Activity)
            call_command("migrate", "feeds_server", database=database, verbosity=0)
        try:
            run(
                parsed.bind,
                parsed.port,
                Handler(),
                ipv6=":" in parsed.bind,
                threading=True,
                on_bind=lambda port: self._announce(parsed, port),
                server_cls=Server,
            )
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {address}: {error.strerror or error}. "
                "An argument sets another port, for example 9001; with 0, a free one is found."
            ) from error

    def _announce(self, address: Address, port: str) -> None:
        credentials = Credentials.current()
        url = f"http://{address.host}:{port}"
        lines = [f"Feeds server: {url}", f"api_key:      {credentials.api_key}"]
        if address.is_loopback:
            lines.append(f"api_secret:   {credentials.api_secret}")
        if is_enabled():
            lines.append(f"Browse feeds: {url}/browser/")
        self.stdout.write("\n".join(lines))
        self.stdout.flush()
