"""Activities are shortened until they fit."""

from __future__ import annotations

from typing import Any

import pytest
from dj_actions_stream.activities.fitting import fit, shorten
from dj_actions_stream.activities.sizes import json_bytes

LIMIT = 1000
REFERENCES = {"actor": "user:1", "verb": "do", "object": "todo:*", "foreign_id": "x", "time": "t"}


def fitted(**fields: Any) -> dict[str, Any]:
    """Return what fits of an activity, which keeps its identity and the limit."""
    found = fit({**REFERENCES, **fields}, LIMIT)
    assert found.items() >= REFERENCES.items()
    assert json_bytes({name: value for name, value in found.items() if name != "to"}) <= LIMIT
    return found


def test_what_fits_stays_as_it_is() -> None:
    assert fitted(summary="ä" * 400, to=["user:2"]) == {
        **REFERENCES,
        "summary": "ä" * 400,
        "to": ["user:2"],
    }


@pytest.mark.parametrize("letter", ["x", "ü", "あ", "😀", '"', "\n"])
def test_a_long_text_ends_with_a_mark(letter: str) -> None:
    found = fitted(summary=letter * 20_000)

    assert found["summary"].endswith(f"{letter}…")
    assert found["truncated"] == ["summary"]
    assert json_bytes(found) > LIMIT * 0.4


def test_a_long_list_has_its_first_entries() -> None:
    ids = [str(number) for number in range(1000)]
    found = fitted(object_ids=ids, object_count=1000)

    assert found["object_ids"] == ids[: len(found["object_ids"])]
    assert len(found["object_ids"]) > 100
    assert (found["object_count"], found["truncated"]) == (1000, ["object_ids"])


def test_the_largest_value_is_shortened_and_its_path_is_named() -> None:
    found = fitted(summary="short", data={"note": "x" * 5000, "tag": "y"})

    assert (found["summary"], found["data"]["tag"]) == ("short", "y")
    assert found["truncated"] == ["data.note"]


def test_several_values_are_shortened_if_one_is_not_enough() -> None:
    found = fitted(summary="s" * 3000, data={"ids": list(range(3000)), "note": "n" * 3000})

    assert {"summary", "data.ids", "data.note"} >= set(found["truncated"])
    assert len(found["truncated"]) >= 2


@pytest.mark.parametrize(
    "data",
    [
        {str(number): number for number in range(2000)},
        [[["x" * 50] * 10] * 10] * 10,
        {"a": {"b": {"c": "x" * 5000}}},
        ["x"] * 1000,
        {"x" * 3000: 1},
    ],
)
def test_anything_fits(data: Any) -> None:
    assert fitted(data=data)["truncated"]


def test_targets_are_not_counted() -> None:
    targets = [f"user:{number}" for number in range(1000)]

    assert fitted(to=targets)["to"] == targets


@pytest.mark.parametrize(
    ("text", "size", "expected"),
    [("abc", 3, "abc"), ("abcd", 3, "…"), ("abcdef", 5, "ab…"), ("üü", 4, "üü"), ("üüü", 5, "ü…")],
)
def test_a_text_is_cut_between_characters(text: str, size: int, expected: str) -> None:
    assert shorten(text, size) == expected
