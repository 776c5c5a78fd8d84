"""The base class of the management commands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dj_actions.text import is_storable


class TextCommand(BaseCommand):
    """A command whose arguments can be stored, compared and printed."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command.

        Raises:
            CommandError: an argument has bytes that are not UTF-8, which Python decodes to
                surrogates, or null characters.
        """
        for text in _texts(options.values()):
            if not is_storable(text):
                raise CommandError(
                    f"The argument {text!r} contains null characters, or bytes that are not UTF-8."
                )
        return super().execute(*args, **options)


def _texts(values: Any) -> Iterator[str]:
    for value in values:
        if isinstance(value, (str, Path)):
            yield str(value)
        elif isinstance(value, (list, tuple)):
            yield from _texts(value)
