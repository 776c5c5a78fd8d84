"""Functions of the user's that decide something for a message: `shop.pipelines:dag_for`."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

from dj_actions.exceptions import PublishError
from dj_actions.messages import Message

Function = Callable[[Message], Any]

PATH = re.compile(r"(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):(?P<name>[A-Za-z_]\w*)")
"""With a colon: a dotted name may be the id of a DAG."""


def is_function(value: object) -> bool:
    """Return whether an option is a function, or the path of one."""
    return callable(value) or (isinstance(value, str) and bool(PATH.fullmatch(value)))


def load_function(value: Any) -> Function:
    """Return the function of an option.

    Args:
        value: a function, or its path, `package.module:function`.

    Raises:
        ImportError: there is no such function.
        TypeError: it is not a function.
    """
    if isinstance(value, str):
        match = PATH.fullmatch(value)
        if match is None:
            raise ImportError(f"{value!r} is not the path of a function")
        value = _imported(match["module"], match["name"])
    if not callable(value) or isinstance(value, type):
        raise TypeError(f"{value!r} is not a function")
    function: Function = value
    return function


def _imported(module: str, name: str) -> Any:
    try:
        return getattr(import_module(module), name)
    except AttributeError as error:
        raise ImportError(f"{module} has no {name!r}") from error
    except Exception as error:
        raise ImportError(
            f"{module} cannot be imported: {type(error).__name__}: {error}"
        ) from error


def call_function(function: Function, message: Message) -> Any:
    """Return what a function returns for a message.

    Raises:
        PublishError: the function has raised this, or another error, which is chained.
    """
    try:
        return function(message)
    except PublishError:
        raise
    except Exception as error:
        name = getattr(function, "__qualname__", repr(function))
        raise PublishError(
            f"The function {name} of the route of {message.label} has failed: "
            f"{type(error).__name__}: {error}"
        ) from error
