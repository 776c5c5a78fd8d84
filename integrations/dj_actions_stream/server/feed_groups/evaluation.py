"""Evaluate an expression: only the variables and functions that are given exist."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dj_actions_stream.server.feed_groups.expressions import (
    Binary,
    Call,
    Conditional,
    ExpressionError,
    Literal,
    Name,
    Node,
    Unary,
)

Function = Callable[..., Any]

_COMPARISONS: Mapping[str, Function] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: Mapping[str, Function] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What an expression may use.

    Args:
        variables: values by name; a dot in a name selects a key of a nested mapping.
        functions: by name in lower case.
        methods: called with the value before the dot, then the arguments.
        default: the value of a variable that does not exist; None to raise an error.
    """

    variables: Mapping[str, Any]
    functions: Mapping[str, Function]
    methods: Mapping[str, Function]
    default: Any = None

    def value(self, name: Name) -> Any:
        """Return the value of a variable."""
        found: Any = self.variables
        for part in name.path:
            if not isinstance(found, Mapping) or part not in found:
                return self._missing(name)
            found = found[part]
        return found

    def call(self, name: Name, arguments: list[Any]) -> Any:
        """Return the result of a function or method."""
        *target, last = name.path
        known = self.methods if target else self.functions
        if last.lower() not in known:
            raise ExpressionError(f"unknown function {name}()")
        values = [self.value(Name(tuple(target)))] if target else []
        try:
            return known[last.lower()](*values, *arguments)
        except ExpressionError:
            raise
        except (TypeError, ValueError, LookupError, ArithmeticError) as error:
            raise ExpressionError(f"{name}(): {error}") from error

    def _missing(self, name: Name) -> Any:
        if self.default is None:
            raise ExpressionError(f"{name} has no value")
        return self.default


def evaluate(node: Node, scope: Scope) -> Any:
    """Return the value of an expression, or raise ExpressionError."""
    match node:
        case Literal():
            return node.value
        case Name():
            return scope.value(node)
        case Call():
            return scope.call(node.name, [evaluate(item, scope) for item in node.arguments])
        case Unary():
            return _unary(node, scope)
        case Conditional():
            chosen = node.value if evaluate(node.condition, scope) else node.otherwise
            return evaluate(chosen, scope)
        case Binary():
            return _binary(node, scope)


def _unary(node: Unary, scope: Scope) -> Any:
    value = evaluate(node.operand, scope)
    return not value if node.operator == "!" else -_number(value)


def _binary(node: Binary, scope: Scope) -> Any:
    left = evaluate(node.left, scope)
    if node.operator == "&&":
        return left and evaluate(node.right, scope)
    if node.operator == "||":
        return left or evaluate(node.right, scope)
    right = evaluate(node.right, scope)
    if node.operator in ("==", "!="):
        return (left == right) == (node.operator == "==")
    return _calculated(node.operator, left, right)


def _calculated(name: str, left: Any, right: Any) -> Any:
    try:
        if name in _COMPARISONS:
            return _COMPARISONS[name](left, right)
        return _number(_ARITHMETIC[name](_number(left), _number(right)))
    except (TypeError, ArithmeticError) as error:
        raise ExpressionError(f"{left!r} {name} {right!r}: {error}") from error


def _number(value: Any) -> float:
    if isinstance(value, int | float):
        return float(value)
    raise ExpressionError(f"{value!r} is not a number")
