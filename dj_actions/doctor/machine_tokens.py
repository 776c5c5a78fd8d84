"""Check the tokens of machines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from dj_actions.cli.output import count_of
from dj_actions.declaration.discovery import load_viewsets
from dj_actions.doctor.findings import Finding, ok, warning
from dj_actions.models import MachineToken
from dj_actions.registry import registry

CHECK = "tokens"

SOON = 7 * 86_400
"""Seconds before a token expires from which the doctor warns."""


def check_machine_tokens() -> Iterator[Finding]:
    """Check that no token expires soon, and that the actions that tokens name exist."""
    with suppress(Exception):  # reported by Django's check of the URLs
        load_viewsets()
    tokens = list(MachineToken.objects.on_write_database().active())
    found = [*_expiring(), *_without_action(tokens)]
    yield from found
    if not found:
        yield ok(
            CHECK, f"{count_of(len(tokens), 'machine token is', 'machine tokens are')} active."
        )


def _expiring() -> Iterator[Finding]:
    for name in MachineToken.objects.on_write_database().names_expiring_within(SOON):
        yield warning(
            CHECK,
            f"The machine token {name!r} expires within {SOON // 86_400} days.",
            f"Run `manage.py machine_token rotate {name}`, and give the machine the new secret.",
        )


def _without_action(tokens: list[MachineToken]) -> Iterator[Finding]:
    for token in tokens:
        missing = token.unknown_patterns((entry.resource, entry.name) for entry in registry)
        if missing:
            yield warning(
                CHECK,
                f"The machine token {token} names actions that do not exist: {', '.join(missing)}.",
                "Create another token with the present names, and revoke this one.",
            )
