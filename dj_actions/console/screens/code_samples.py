"""A call of an action as text to paste: into a shell, a Python program, a test."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from dj_actions.declaration.definition import IDS, ActionDefinition

NO_KEY = "KEY"
"""Stands for the key of an object that was not chosen."""

EXAMPLE_KEYS = ("0", "00000000-0000-0000-0000-000000000000", "a")
"""Keys that the pattern of a URL may match: of an integer, a UUID, a slug."""

WIDTH = 88
"""Columns of Python code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of an action, as it can be repeated."""

    definition: ActionDefinition

    keys: tuple[str, ...]
    """Keys of the objects."""

    data: Mapping[str, Any]
    """The input as plain JSON, without secrets."""

    username: str = ""
    """Who calls it; empty for the system itself."""

    @property
    def route_name(self) -> str:
        """The name that DRF's routers give the action's URL."""
        return f"{self.definition.model._meta.model_name}-action-{self.definition.name}"

    @property
    def path(self) -> str:
        """The path of its URL; empty if no viewset with the usual name of routes offers it."""
        if self.definition.bulk:
            return _reversed(self.route_name, [])
        key = self.keys[0] if self.keys else NO_KEY
        if path := _reversed(self.route_name, [key]):
            return path
        for example in EXAMPLE_KEYS:
            before, separator, after = _reversed(self.route_name, [example]).rpartition(
                f"/{example}/actions/"
            )
            if separator:
                return f"{before}/{key}/actions/{after}"
        return ""

    @property
    def body(self) -> Mapping[str, Any]:
        """The body of a request."""
        has_ids = self.definition.bulk and self.definition.requires_objects
        return {IDS: list(self.keys) or [NO_KEY], **self.data} if has_ids else self.data


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A text to copy."""

    id: str
    title: Any
    text: str


def samples_of(call: Call, *, site: str) -> Sequence[Sample]:
    """Return how to make a call from elsewhere.

    Args:
        call: the call.
        site: scheme, host and port of the project, as the reader of the page addresses it.
    """
    command = Sample(id="sample-run-action", title="manage.py run_action", text=run_action(call))
    path = call.path
    if not path:
        return (command,)
    url = f"{site.rstrip('/')}{path}"
    return (
        Sample(id="sample-curl", title="curl", text=curl(call, url)),
        Sample(id="sample-python", title=_("Python, with requests"), text=python(call, url)),
        command,
    )


def curl(call: Call, url: str) -> str:
    """Return a shell command that sends the call; the client's token is in TOKEN."""
    headers = ("-H", "Content-Type: application/json")
    parts = shlex.join(("curl", "-X", "POST", url, *headers))
    body = shlex.join(("-d", json_text(call.body)))
    return f'{parts} -H "Authorization: Token $TOKEN" {body}'


def python(call: Call, url: str) -> str:
    """Return a program that sends the call; the client's token is in TOKEN."""
    return f"""\
import os

import requests

response = requests.post(
    {url!r},
    headers={{"Authorization": f"Token {{os.environ['TOKEN']}}"}},
    json={literal(call.body, inside=4)},
    timeout=30,
)
response.raise_for_status()
print(response.json())
"""


def run_action(call: Call) -> str:
    """Return a command that makes the call on the server."""
    definition = call.definition
    keys = (call.keys or (NO_KEY,)) if definition.requires_objects else ()
    options = [
        *(f"--pk={key}" for key in keys),
        *(("--data", json_text(call.data)) if call.data else ()),
        *((f"--as={call.username}",) if call.username else ()),
    ]
    arguments = ("python", "manage.py", "run_action", definition.resource, definition.name)
    return shlex.join((*arguments, *options))


def json_text(value: Any) -> str:
    """Return JSON in one line, in which every character is what it looks like."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(
        character if character.isprintable() else json.dumps(character)[1:-1] for character in text
    )


def literal(value: Any, *, inside: int = 0) -> str:
    """Return plain JSON data as a Python literal, with an entry on each line if it is long.

    Args:
        value: the data.
        inside: columns by which the line that it begins on is indented.
    """
    text = repr(value)
    if not value or not isinstance(value, (dict, list)) or inside + len(text) <= WIDTH:
        return text
    deeper = inside + 4
    if isinstance(value, dict):
        opening, closing = "{", "}"
        entries = [f"{key!r}: {literal(entry, inside=deeper)}" for key, entry in value.items()]
    else:
        opening, closing = "[", "]"
        entries = [literal(entry, inside=deeper) for entry in value]
    lines = "".join(f"{' ' * deeper}{entry},\n" for entry in entries)
    return f"{opening}\n{lines}{' ' * inside}{closing}"


def _reversed(name: str, arguments: Sequence[str]) -> str:
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""
