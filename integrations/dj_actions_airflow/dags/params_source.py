"""The input of an action as the `params` of a DAG: Python text, made from its JSON Schema."""

from __future__ import annotations

import json
import keyword
from collections.abc import Iterator, Mapping
from typing import Any

from dj_actions_airflow.dags.params import first_problem

INDENT = " " * 4

DEFINITIONS = "$defs"
"""Key of a JSON Schema that its references are to."""

LINE_LENGTH = 80
"""Characters of a value on one line."""

PARAMETERS = frozenset({"default", "description", "schema", "self"})
"""Parameters of Airflow's Param that are no keywords of its schema."""


def params_source(name: str, title: str, schema: Mapping[str, Any]) -> str:
    """Return the text of a Python module that declares an input as params.

    A field that must be sent has no default. Another one has its own default, or null; its schema
    allows that.

    Args:
        name: of the constant.
        title: what the params are of.
        schema: JSON Schema of the input.
    """
    required = frozenset(schema.get("required", ()))
    lines = [
        f'"""Params of {title}, made by `manage.py airflow_params`."""',
        "",
        "from __future__ import annotations",
        "",
        "from airflow.sdk import Param",
        "",
        f"{name} = {{",
    ]
    for field, declared in schema.get("properties", {}).items():
        own = dict(declared) if isinstance(declared, Mapping) else {}
        if "$ref" in repr(own) and DEFINITIONS in schema:
            own[DEFINITIONS] = schema[DEFINITIONS]
        lines += _param(field, own, is_required=field in required)
    return "\n".join([*lines, "}", ""])


def _param(field: str, schema: Mapping[str, Any], *, is_required: bool) -> Iterator[str]:
    own = {key: value for key, value in schema.items() if key not in {"default", "description"}}
    arguments: list[str] = []
    if "default" in schema or not is_required:
        default = schema.get("default")
        arguments.append(_text(default, 2))
        # A form or serializer does not validate its defaults; Airflow does.
        if first_problem(own, default) is not None:
            own = _allowing(own, default)
    if schema.get("description"):
        arguments.append(f"description={_flat(str(schema['description']))}")
    if all(_is_argument(key) for key in own):
        arguments += (f"{key}={_text(value, 2)}" for key, value in own.items())
    else:
        arguments.append(f"schema={_text(own, 2)}")
    if not arguments:
        yield f"{INDENT}{_flat(field)}: Param(),"
        return
    yield f"{INDENT}{_flat(field)}: Param("
    yield from (f"{INDENT * 2}{argument}," for argument in arguments)
    yield f"{INDENT}),"


def _allowing(schema: Mapping[str, Any], value: Any) -> dict[str, Any]:
    """Return a schema that allows a value, too."""
    kind = schema.get("type")
    types = [kind] if isinstance(kind, str) else kind
    if value is None and isinstance(types, list):
        nullable = {**schema, "type": [*types, "null"]}
        if first_problem(nullable, None) is None:
            return nullable
    outer = {key: schema[key] for key in ("title", DEFINITIONS) if key in schema}
    inner = {key: value for key, value in schema.items() if key not in outer}
    return {**outer, "anyOf": [inner, {"const": value}]}


def _is_argument(key: str) -> bool:
    return key.isidentifier() and not keyword.iskeyword(key) and key not in PARAMETERS


def _text(value: Any, level: int) -> str:
    """Return a value as Python, on several lines if it is long."""
    flat = _flat(value)
    if (
        len(flat) + level * len(INDENT) < LINE_LENGTH
        or not isinstance(value, dict | list)
        or not value
    ):
        return flat
    inner, outer = INDENT * (level + 1), INDENT * level
    if isinstance(value, dict):
        entries = [f"{_flat(key)}: {_text(entry, level + 1)}" for key, entry in value.items()]
    else:
        entries = [_text(entry, level + 1) for entry in value]
    body = "".join(f"{inner}{entry},\n" for entry in entries)
    first, last = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return f"{first}\n{body}{outer}{last}"


def _flat(value: Any) -> str:
    """Return a value as Python, on one line."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)  # with double quotes; Python has its escapes
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_flat(key)}: {_flat(entry)}' for key, entry in value.items())}}}"
    return f"[{', '.join(map(_flat, value))}]" if isinstance(value, list) else repr(value)
