"""Build and flatten error details in DRF's shape: messages by field, nested for nested fields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.settings import api_settings

Path = Sequence[str | int]
"""Location of a value: field names and list indexes, from the outermost to the innermost."""

Violation = tuple[Path, str]
"""Location of an invalid value, and the error message."""


@dataclass(slots=True)
class _Node:
    messages: list[str] = field(default_factory=list)
    children: dict[str | int, _Node] = field(default_factory=dict)

    def detail(self) -> Any:
        return self.as_object() if self.children else self.messages

    def as_object(self) -> dict[Any, Any]:
        own = {api_settings.NON_FIELD_ERRORS_KEY: self.messages} if self.messages else {}
        return own | {step: child.detail() for step, child in self.children.items()}


def error_detail(violations: Iterable[Violation]) -> dict[Any, Any]:
    """Return the messages by field; those of no field are under DRF's NON_FIELD_ERRORS_KEY."""
    root = _Node()
    for path, message in violations:
        node = root
        for step in path:
            node = node.children.setdefault(step, _Node())
        if message not in node.messages:
            node.messages.append(message)
    return root.as_object()


def error_lines(detail: Any, path: str = "") -> Iterator[str]:
    """Yield each message of an error detail as one line, prefixed with the path of its field."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from error_lines(inner, _join_path(path, name))
    elif isinstance(detail, (list, tuple)):
        for inner in detail:
            yield from error_lines(inner, path)
    else:
        yield f"{path}: {detail}" if path else str(detail)


def _join_path(path: str, name: object) -> str:
    if name == api_settings.NON_FIELD_ERRORS_KEY:
        return path
    return f"{path}.{name}" if path else str(name)


@contextmanager
def reject_deep_nesting() -> Iterator[None]:
    """Turn a RecursionError, raised for example by JSON in a text field, into a validation error.

    Raises:
        ValidationError: the data is nested too deeply to be parsed.
    """
    try:
        yield
    except RecursionError:
        message = _("Nested too deeply.")
        raise ValidationError({api_settings.NON_FIELD_ERRORS_KEY: [message]}) from None
