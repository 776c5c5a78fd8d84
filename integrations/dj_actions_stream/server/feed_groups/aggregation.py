"""Aggregation formats: the template that gives the group of an activity.

`{{ verb }}_{{ time.strftime("%Y-%m-%d") }}` combines the activities of a verb and a day. Formats
have Stream's documented syntax: `{{ … }}`, and `{% if … %}`, `{% elif … %}`, `{% else %}`,
`{% endif %}`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from dj_actions_stream.server.feed_groups.evaluation import Scope, evaluate
from dj_actions_stream.server.feed_groups.expressions import (
    Call,
    ExpressionError,
    Literal,
    Node,
    calls_in,
    parse,
)

DEFAULT_FORMAT = '{{ verb }}_{{ time.strftime("%Y-%m-%d") }}'
# A longer key is cut and gets a hash, because marks are stored by it.
MAX_KEY_LENGTH = 255

_TAG = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)
_DIRECTIVES = re.compile(r"(?:[^%]|%[aAbBcdfGHIjmMpSuUVwWxXyYzZ%])*")
_HASH_LENGTH = 16


def _strftime(time: Any, directives: Any) -> str:
    if not isinstance(time, datetime) or not isinstance(directives, str):
        raise ExpressionError("strftime() formats a time, for example time.strftime('%Y-%m-%d')")
    return time.strftime(directives)


METHODS = {"strftime": _strftime}


@dataclass(frozen=True, slots=True)
class Branch:
    """A part of a format that is rendered under a condition; None is always true."""

    condition: Node | None
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The branches between `{% if %}` and `{% endif %}`."""

    branches: tuple[Branch, ...]


Part = str | Node | Choice


@dataclass(frozen=True, slots=True)
class AggregationFormat:
    """A parsed format."""

    text: str
    parts: tuple[Part, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the format in `text`, or raise ExpressionError."""
        reader = _Reader([piece for piece in _TAG.split(text) if piece])
        parts = reader.parts()
        reader.end()
        return cls(text, parts)

    def key(self, variables: Mapping[str, Any]) -> str:
        """Return the key of an activity's group; a variable that does not exist is empty.

        Raises:
            ExpressionError: the format cannot be applied to the activity.
        """
        scope = Scope(variables=variables, functions={}, methods=METHODS, default="")
        key = "".join(_rendered(self.parts, scope)).strip()
        if len(key) <= MAX_KEY_LENGTH:
            return key
        digest = hashlib.sha256(key.encode()).hexdigest()[:_HASH_LENGTH]
        return f"{key[: MAX_KEY_LENGTH - _HASH_LENGTH - 1]}~{digest}"


def _rendered(parts: tuple[Part, ...], scope: Scope) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            yield part
        elif isinstance(part, Choice):
            yield from _rendered(_chosen(part, scope), scope)
        else:
            yield _text(evaluate(part, scope))


def _chosen(choice: Choice, scope: Scope) -> tuple[Part, ...]:
    for branch in choice.branches:
        if branch.condition is None or evaluate(branch.condition, scope):
            return branch.parts
    return ()


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


class _Reader:
    """Reads the pieces of a format: text, `{{ … }}` and `{% … %}`."""

    def __init__(self, pieces: list[str]) -> None:
        self._pieces = pieces
        self._position = 0

    def parts(self) -> tuple[Part, ...]:
        """Return the parts up to the end of the format, or of the branch."""
        parts: list[Part] = []
        while self._position < len(self._pieces):
            piece = self._pieces[self._position]
            tag = _tag(piece)
            if tag and tag[0] != "if":
                break
            self._position += 1
            parts.append(self._choice(tag[1]) if tag else _output(piece))
        return tuple(parts)

    def end(self) -> None:
        """Raise ExpressionError unless everything was read."""
        if self._position < len(self._pieces):
            raise ExpressionError(f"unexpected {self._pieces[self._position]}")

    def _choice(self, condition: str) -> Choice:
        branches = [Branch(_parse(condition), self.parts())]
        while True:
            name, rest = self._closing_tag()
            if name == "endif":
                return Choice(tuple(branches))
            if branches[-1].condition is None:
                raise ExpressionError(f"{{% {name} %}} follows {{% else %}}")
            branches.append(Branch(_parse(rest) if name == "elif" else None, self.parts()))

    def _closing_tag(self) -> tuple[str, str]:
        if self._position == len(self._pieces):
            raise ExpressionError("{% endif %} is missing")
        tag = _tag(self._pieces[self._position])
        if tag is None or tag[0] not in ("elif", "else", "endif"):
            raise ExpressionError(f"unexpected {self._pieces[self._position]}")
        self._position += 1
        return tag


def _tag(piece: str) -> tuple[str, str] | None:
    if not _TAG.fullmatch(piece) and ("{{" in piece or "{%" in piece):
        raise ExpressionError(f"{piece.strip()!r} is not closed")
    if not piece.startswith("{%"):
        return None
    name, _, rest = piece[2:-2].strip("- \n\t").partition(" ")
    return name, rest.strip()


def _output(piece: str) -> Part:
    return _parse(piece[2:-2]) if piece.startswith("{{") else piece


def _parse(text: str) -> Node:
    node = parse(text.strip())
    for call in calls_in(node):
        _check_call(call)
    return node


def _check_call(call: Call) -> None:
    *target, method = call.name.path
    if not target or method not in METHODS:
        raise ExpressionError(f"unknown function {call.name}(); there is only time.strftime()")
    directives = [item.value for item in call.arguments if isinstance(item, Literal)]
    if len(call.arguments) != 1 or not _are_directives(directives):
        raise ExpressionError("strftime() needs directives such as '%Y-%m-%d'")


def _are_directives(values: list[Any]) -> bool:
    return bool(values) and isinstance(values[0], str) and bool(_DIRECTIVES.fullmatch(values[0]))
