"""The shape of DRF's errors: messages by field, and by field of a field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.settings import api_settings

Path = Sequence[str | int]
"""Where a value lies: names of fields and positions in lists, from the outside in."""

Violation = tuple[Path, str]
"""Where something is wrong, and what."""


@dataclass(slots=True)
class _Node:
    messages: list[str] = field(default_factory=list)
    inner: dict[str | int, _Node] = field(default_factory=dict)

    def detail(self) -> Any:
        return self.as_object() if self.inner else self.messages

    def as_object(self) -> dict[Any, Any]:
        whole = {api_settings.NON_FIELD_ERRORS_KEY: self.messages} if self.messages else {}
        return whole | {step: node.detail() for step, node in self.inner.items()}


def as_tree(violations: Iterable[Violation]) -> dict[Any, Any]:
    """Return the messages by field; those of the whole under DRF's key for them."""
    root = _Node()
    for path, message in violations:
        node = root
        for step in path:
            node = node.inner.setdefault(step, _Node())
        if message not in node.messages:
            node.messages.append(message)
    return root.as_object()


def as_lines(detail: Any, path: str = "") -> Iterator[str]:
    """Yield each message of an error's detail on a line of its own, after where it belongs."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from as_lines(inner, _step_into(path, name))
    elif isinstance(detail, (list, tuple)):
        for inner in detail:
            yield from as_lines(inner, path)
    else:
        yield f"{path}: {detail}" if path else str(detail)


def _step_into(path: str, name: object) -> str:
    if name == api_settings.NON_FIELD_ERRORS_KEY:
        return path
    return f"{path}.{name}" if path else str(name)


@contextmanager
def refusing_deep_nesting() -> Iterator[None]:
    """Turn what overflows the stack, such as JSON in a text field, into a refusal.

    Raises:
        ValidationError: the data is nested too deeply to be read.
    """
    try:
        yield
    except RecursionError:
        message = _("Nested too deeply.")
        raise ValidationError({api_settings.NON_FIELD_ERRORS_KEY: [message]}) from None
