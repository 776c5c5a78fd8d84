"""The examples that an action's documentation gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from drf_spectacular.utils import OpenApiExample

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.serialization import to_json


def examples_of(definition: ActionDefinition) -> list[OpenApiExample]:
    """Return the examples of what an action accepts."""
    told = list(_told(definition))
    names = {example["name"]: example for example in told}
    return [
        OpenApiExample(
            name,
            value=to_json(example["payload"]),
            description=str(example.get("description") or ""),
            request_only=True,
        )
        for name, example in names.items()
    ]


def _told(definition: ActionDefinition) -> Iterator[Mapping[str, Any]]:
    documentation = definition.documentation
    shown = []
    for number, example in enumerate(documentation.examples, start=1):
        if isinstance(example, Mapping) and "payload" in example:
            shown.append(example["payload"])
            yield {"name": f"Example {number}", **example}
    payload = documentation.example_payload
    if payload is not None and payload not in shown:
        yield {"name": "Example", "payload": payload}
