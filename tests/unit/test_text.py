"""What a JSON column can store."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dj_actions.exceptions import InvalidAction
from dj_actions.serialization import encode, to_json
from dj_actions.text import MAX_DEPTH, is_obviously_storable, is_storable

WIDE = [{"id": number, "tags": [[], {}, None, 1.5, "x"]} for number in range(1000)]


def nested(levels: int, innermost: Any = 1) -> Any:
    """Return a value inside so many lists and objects, in turns."""
    for level in range(levels):
        innermost = {"in": innermost} if level % 2 else [innermost]
    return innermost


@pytest.mark.parametrize("beside", [[], WIDE], ids=["alone", "beside much else"])
@pytest.mark.parametrize(
    ("levels", "innermost", "expected"),
    [(99, 1, True), (100, 1, False), (99, {}, True), (99, [[]], False), (150, 1, False)],
)
def test_only_data_of_limited_depth_is_storable(
    levels: int, innermost: Any, expected: bool, beside: Any
) -> None:
    value = [nested(levels, innermost), beside]
    assert is_storable(value) is expected
    if expected:
        assert to_json(value) == value
    else:
        with pytest.raises(InvalidAction, match="deep nesting"):
            to_json(value)


def test_wide_data_is_recognized_without_a_look_at_each_value() -> None:
    text = json.dumps(WIDE)
    assert text.count("{") > MAX_DEPTH
    assert is_obviously_storable(text, WIDE)
    assert is_obviously_storable('"' + "[" * 200 + '"', "[" * 200)


@pytest.mark.parametrize("text", ["\x00", "\ud800"])
@pytest.mark.parametrize("beside", [[], WIDE], ids=["alone", "beside much else"])
def test_a_character_that_cannot_be_stored_is_refused(text: str, beside: Any) -> None:
    with pytest.raises(InvalidAction, match="null characters"):
        to_json([{"a": [text]}, beside])


@pytest.mark.parametrize("value", [None, {}, [], 0, "ü 😀", WIDE, {"a": [1.5, True, None]}])
def test_encoded_data_has_the_text_that_it_is_decoded_from(value: Any) -> None:
    encoded = encode(value)
    assert encoded.plain == value == json.loads(encoded.text)
    assert encoded.text.isascii()
