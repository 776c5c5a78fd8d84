"""A small expression language, for aggregation formats and ranking formulas.

Expressions are parsed to a tree of frozen nodes. There are no statements, loops, assignments or
attribute access on Python objects, so an expression cannot run code: see `evaluation`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# Both bound the recursion of the parser and of the evaluation.
MAX_TOKENS = 300
MAX_DEPTH = 40


class ExpressionError(ValueError):
    """An expression that cannot be parsed or evaluated."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number or a string."""

    value: float | int | str


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, whose parts are separated by dots: `feed.group`."""

    path: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function, or of a method if the name has several parts."""

    name: Name
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """An operator before its operand: `-` or `!`."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two operands."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Conditional:
    """`condition ? value : otherwise`."""

    condition: Node
    value: Node
    otherwise: Node


Node = Literal | Name | Call | Unary | Binary | Conditional

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<string>"[^"]*"|'[^']*')
      | (?P<name>[A-Za-z_]\w*)
      | (?P<operator>&&|\|\||==|!=|<=|>=|[-+*/^<>!?:().,])
    )""",
    re.VERBOSE | re.ASCII,
)
# From the weakest to the strongest; an operator of a level binds from left to right.
_LEVELS = (("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">="), ("+", "-"), ("*", "/"))
_WORDS: Mapping[str, str] = {"or": "||", "and": "&&", "not": "!"}
_END = ("end", "the end")


def parse(text: str) -> Node:
    """Return the expression in `text`, or raise ExpressionError."""
    tokens = list(_tokens(text))
    if len(tokens) > MAX_TOKENS:
        raise ExpressionError(f"an expression must not have more than {MAX_TOKENS} parts")
    parser = _Parser(tokens)
    node = parser.expression()
    parser.end()
    return node


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position, stripped = 0, text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            raise ExpressionError(f"unexpected {stripped[position:].lstrip()[0]!r} in {text!r}")
        position = match.end()
        kind, value = str(match.lastgroup), match[str(match.lastgroup)]
        yield ("operator", _WORDS[value]) if value in _WORDS and kind == "name" else (kind, value)


class _Parser:
    """A parser by recursive descent, of bounded depth."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._position = 0
        self._depth = 0

    def expression(self) -> Node:
        self._descend()
        node = self._binary(0)
        if self._take("?"):
            value = self.expression()
            self._expect(":")
            node = Conditional(node, value, self.expression())
        self._depth -= 1
        return node

    def end(self) -> None:
        if self._next() != _END:
            raise ExpressionError(f"unexpected {self._next()[1]!r}")

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        node = self._binary(level + 1)
        while operator := self._take(*_LEVELS[level]):
            node = Binary(operator, node, self._binary(level + 1))
        return node

    def _unary(self) -> Node:
        self._descend()
        operator = self._take("-", "!")
        node = Unary(operator, self._unary()) if operator else self._power()
        self._depth -= 1
        return node

    def _power(self) -> Node:
        node = self._primary()
        return Binary("^", node, self._unary()) if self._take("^") else node

    def _primary(self) -> Node:
        if self._take("("):
            node = self.expression()
            self._expect(")")
            return node
        kind, value = self._next()
        if kind not in ("number", "string", "name"):
            raise ExpressionError(f"expected a value instead of {value}")
        self._position += 1
        if kind == "name":
            return self._name(value)
        return Literal(value[1:-1] if kind == "string" else float(value))

    def _name(self, first: str) -> Node:
        path = [first]
        while self._take("."):
            kind, value = self._next()
            if kind != "name":
                raise ExpressionError(f"expected a name after a dot instead of {value}")
            self._position += 1
            path.append(value)
        name = Name(tuple(path))
        return Call(name, tuple(self._arguments())) if self._take("(") else name

    def _arguments(self) -> Iterator[Node]:
        if self._take(")"):
            return
        yield self.expression()
        while self._take(","):
            yield self.expression()
        self._expect(")")

    def _descend(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError("the expression is nested too deeply")

    def _next(self) -> tuple[str, str]:
        return self._tokens[self._position] if self._position < len(self._tokens) else _END

    def _take(self, *operators: str) -> str:
        kind, value = self._next()
        if kind != "operator" or value not in operators:
            return ""
        self._position += 1
        return value

    def _expect(self, operator: str) -> None:
        if not self._take(operator):
            raise ExpressionError(f"expected {operator!r} instead of {self._next()[1]}")


def calls_in(node: Node) -> Iterator[Call]:
    """Yield each call in an expression."""
    return (part for part in _parts(node) if isinstance(part, Call))


def names_in(node: Node) -> Iterator[Name]:
    """Yield each variable in an expression."""
    return (part for part in _parts(node) if isinstance(part, Name))


def _parts(node: Node) -> Iterator[Node]:
    yield node
    for child in _children(node):
        yield from _parts(child)


def _children(node: Any) -> tuple[Node, ...]:
    match node:
        case Call():
            return tuple(node.arguments)
        case Unary():
            return (node.operand,)
        case Binary():
            return (node.left, node.right)
        case Conditional():
            return (node.condition, node.value, node.otherwise)
        case _:
            return ()
