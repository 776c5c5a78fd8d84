"""Check that the methods of a declaration can be called as they will be."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from dj_actions.exceptions import InvalidAction

NOT_CALLED = (
    (inspect.iscoroutinefunction, "is a coroutine function, which would not be awaited"),
    (inspect.isasyncgenfunction, "is an async generator, which would not be run"),
    (inspect.isgeneratorfunction, "is a generator, which would not be run"),
)
"""Kinds of functions whose call does not run their body."""


def require_method(
    owner: type[Any], name: str, arguments: Sequence[str], *, may_be_generator: bool = False
) -> None:
    """Refuse a class whose method cannot be called with these arguments, by position.

    Args:
        owner: the class.
        name: the method.
        arguments: what it is called with, in addition to `self`.
        may_be_generator: whether what it returns is iterated over.

    Raises:
        InvalidAction: the message has the signature that is expected.
    """
    expected = f"def {name}({', '.join(['self', *arguments])})"
    method = _method(owner, name)
    if not callable(method):
        raise InvalidAction(f"`{name}` is {method!r}. Define it as `{expected}`.")
    is_iterated = may_be_generator and inspect.isgeneratorfunction(inspect.unwrap(method))
    for is_of_kind, problem in NOT_CALLED:
        if is_of_kind(inspect.unwrap(method)) and not is_iterated:
            raise InvalidAction(f"`{name}` {problem}. Define it as `{expected}`.")
    found = _signature_that_rejects(method, len(arguments))
    if found is not None:
        raise InvalidAction(
            f"`{name}` cannot be called with {' and '.join(arguments) or 'no arguments'}: its "
            f"signature is {found}. Define it as `{expected}`."
        )


def require_no_arguments(owner: type[Any]) -> None:
    """Refuse a class whose constructor requires arguments.

    Raises:
        InvalidAction: an instance is created for each run, without arguments.
    """
    if _signature_that_rejects(owner, 0) is not None:
        raise InvalidAction(
            "its constructor requires arguments. An instance is created for each run, without any."
        )


def _method(owner: type[Any], name: str) -> Any:
    """Return a method as an instance would have it, without creating one."""
    found = inspect.getattr_static(owner, name)
    if isinstance(found, property) or not hasattr(found, "__get__"):
        return found
    return found.__get__(object.__new__(object), owner)


def _signature_that_rejects(function: Callable[..., Any], count: int) -> str | None:
    """Return the signature of a function that cannot be called with so many arguments."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # of a function that is not written in Python
        return None
    try:
        signature.bind(*range(count))
    except TypeError:
        return str(signature)
    return None
