"""Submitted values as the JSON that an API client would send."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict

from dj_actions.console.screens.form_values import json_of_form

SCHEMA: dict[str, Any] = {
    "properties": {
        "size": {"type": "integer"},
        "weight": {"type": ["number", "null"]},
        "urgent": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "note": {"type": "string"},
        "title": {"type": "string"},
    },
    "required": ["title"],
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("size=7&weight=1.5&urgent=on", {"size": 7, "weight": 1.5, "urgent": True}),
        ("urgent=false", {"urgent": False}),
        ("tags=a&tags=b", {"tags": ["a", "b"]}),
        ("tags=a", {"tags": ["a"]}),
        ("note=&title=", {"title": ""}),
        ("size=many&note=7", {"size": "many", "note": "7"}),
        ("unknown=x", {"unknown": "x"}),
    ],
)
def test_values_have_the_types_of_the_schema(query: str, expected: dict[str, Any]) -> None:
    assert json_of_form(QueryDict(query), SCHEMA) == expected


def test_json_that_was_entered_stays_as_it_is() -> None:
    entered = {"size": "7", "note": ""}
    assert json_of_form(entered, SCHEMA) == entered
