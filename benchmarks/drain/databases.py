"""A database per candidate, copied from one that has all tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import psycopg
from django.db import connections
from psycopg import sql

from example.launch.postgres import drop_database


@contextmanager
def open_copies(url: str, names: Sequence[str]) -> Iterator[list[str]]:
    """Copy a database once per name, yield the copies' URLs, and drop them at the end.

    Args:
        url: URL of a database without other connections than Django's in this process.
        names: suffixes of the copies' names.
    """
    connections.close_all()
    with ExitStack() as stack:
        yield [stack.enter_context(_copy(url, name)) for name in names]


@contextmanager
def _copy(url: str, name: str) -> Iterator[str]:
    address = urlsplit(url)
    template = address.path.lstrip("/")
    server, own = address._replace(path="/postgres").geturl(), f"{template}_{name}"
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement.format(sql.Identifier(own), sql.Identifier(template)))
    try:
        yield address._replace(path=f"/{own}").geturl()
    finally:
        drop_database(server, own)
