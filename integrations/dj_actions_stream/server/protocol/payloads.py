"""Parse a request's JSON and reject values that a database cannot store unchanged.

Python's parser accepts more than JSON (NaN, unlimited integers, lone surrogates), and PostgreSQL
accepts less (no NUL in a string).
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from dj_actions_stream.server.protocol.errors import InputError

MAX_DEPTH = 32
# 64 bits, signed. PostgreSQL returns a larger float as an integer, which is not what was sent.
MAX_NUMBER = 2**63
_MAX_INTEGER_DIGITS = 20


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`, or raise InputError."""
    document = _read(body)
    if not isinstance(document, dict):
        raise InputError("The body must be a JSON object.")
    return document


def read_list(body: bytes) -> list[Any]:
    """Return the JSON list in `body`, or raise InputError."""
    document = _read(body)
    if not isinstance(document, list):
        raise InputError("The body must be a JSON list.")
    return document


def is_storable(text: str) -> bool:
    """Return whether a database can store the string: no NUL and no lone surrogate.

    `dj_actions.text` has the same function; this server does not import `dj_actions`.
    """
    return "\x00" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _read(body: bytes) -> Any:
    document = _parse(_decode(body))
    _check(document)
    return document


def _decode(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise InputError("The body is not UTF-8.") from error


def _parse(text: str) -> Any:
    try:
        return json.loads(
            text, parse_int=_integer, parse_float=_float, parse_constant=_reject_constant
        )
    except json.JSONDecodeError as error:
        raise InputError(f"The body is not JSON: {error}.") from error
    except RecursionError as error:
        raise _too_deep() from error


def _integer(text: str) -> int:
    # The length first: Python is slow to convert thousands of digits, or refuses to.
    if len(text) > _MAX_INTEGER_DIGITS or not -MAX_NUMBER <= int(text) < MAX_NUMBER:
        raise InputError("The body contains a number that is too large.")
    return int(text)


def _float(text: str) -> float:
    number = float(text)
    if not abs(number) < MAX_NUMBER:
        raise InputError("The body contains a number that is too large.")
    return number


def _reject_constant(text: str) -> NoReturn:
    raise InputError(f"The body is not JSON: {text} is not a JSON value.")


def _check(document: Any) -> None:
    level = [document]
    for _ in range(MAX_DEPTH):
        for value in level:
            _check_text(value)
        level = [child for value in level for child in _children(value)]
        if not level:
            return
    raise _too_deep()


def _check_text(value: Any) -> None:
    if isinstance(value, str) and not is_storable(value):
        raise InputError("The body contains a string with a NUL or a lone surrogate.")


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else []


def _too_deep() -> InputError:
    return InputError(f"The body is nested deeper than {MAX_DEPTH} levels.")
