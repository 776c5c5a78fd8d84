"""What is wrong with the files of certificates."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping

from dj_actions_airflow.connection.options import Connection
from dj_actions_airflow.connection.problems.problem import Problem


def certificate_problems(connection: Connection) -> Iterator[Problem]:
    """Yield the problem of files that contradict other options, or that cannot be read."""
    files = {
        name: getattr(connection, name)
        for name in ("ca_cert", "client_cert", "client_key")
        if getattr(connection, name)
    }
    hint = "Remove one of the two, or correct it."
    if contradiction := _contradiction(connection, files):
        yield Problem(id="E025", message=contradiction, hint=hint)
    else:
        yield from _unreadable(connection)


def _contradiction(connection: Connection, files: Mapping[str, str]) -> str:
    if files and not connection.base_url.startswith("https:"):
        return f"{next(iter(files))} is set, but base_url is not an https address."
    if connection.client_key and not connection.client_cert:
        return "client_key is set, but client_cert is not."
    if connection.ca_cert and not connection.verify:
        return "ca_cert is set, but verify turns the verification of certificates off."
    if not isinstance(connection.verify, bool):
        return "verify is neither True nor False; the file of certificates to trust is ca_cert."
    return ""


def _unreadable(connection: Connection) -> Iterator[Problem]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        name = "ca_cert"
        if connection.ca_cert:
            context.load_verify_locations(cafile=connection.ca_cert)
        name = "client_cert"
        if connection.client_cert:
            # Without it, OpenSSL would prompt for a password at the terminal.
            context.load_cert_chain(
                connection.client_cert, connection.client_key or None, password=lambda: b""
            )
    except (OSError, ValueError, TypeError) as error:
        yield Problem(
            id="E025",
            message=f"{name} cannot be read: {type(error).__name__}: {error}",
            hint="Set paths of PEM files that the processes of Django can read; the key must fit "
            "the certificate, and not be encrypted.",
        )
