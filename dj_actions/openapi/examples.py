"""Request examples from an action's documentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from drf_spectacular.utils import OpenApiExample

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.serialization import to_json


def request_examples(definition: ActionDefinition) -> list[OpenApiExample]:
    """Return the examples of an action's input; of several with one name, the last."""
    by_name = {example["name"]: example for example in _documented_examples(definition)}
    return [
        OpenApiExample(
            name,
            value=to_json(example["payload"]),
            description=str(example.get("description") or ""),
            request_only=True,
        )
        for name, example in by_name.items()
    ]


def _documented_examples(definition: ActionDefinition) -> Iterator[Mapping[str, Any]]:
    documentation = definition.documentation
    payloads = []
    for number, example in enumerate(documentation.examples, start=1):
        if isinstance(example, Mapping) and "payload" in example:
            payloads.append(example["payload"])
            yield {"name": f"Example {number}", **example}
    payload = documentation.example_payload
    if payload is not None and payload not in payloads:
        yield {"name": "Example", "payload": payload}
