"""Aggregation formats, which must never run code."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from dj_actions_stream.server.feed_groups.aggregation import (
    DEFAULT_FORMAT,
    MAX_KEY_LENGTH,
    AggregationFormat,
)
from dj_actions_stream.server.feed_groups.expressions import ExpressionError

ACTIVITY: dict[str, Any] = {
    "verb": "like",
    "actor": "user:1",
    "object": "photo:7",
    "time": datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC),
    "feed": {"group": "notification", "user_id": "42"},
    "score": 3.0,
    "place": {"city": "Oslo"},
}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (DEFAULT_FORMAT, "like_2026-03-04"),
        ("{{ actor }}_{{ verb }}", "user:1_like"),
        ("{{ feed.group }}:{{ feed.user_id }}", "notification:42"),
        ("{{place.city}}/{{ score }}/{{ missing }}/{{ place.missing }}", "Oslo/3//"),
        ("{% if verb == 'follow' %}a{% else %}{{ object }}{% endif %}", "photo:7"),
        ("{% if verb == 'x' %}a{% elif verb == 'like' and score > 2 %}b{% endif %}", "b"),
        ("{% if not missing %}\n  {{ verb }}\n{% endif %}", "like"),
        ("{% if score > 1 %}{% if score > 5 %}5{% else %}1{% endif %}{% endif %}", "1"),
        ("{% if missing %}a{% endif %}", ""),
        ("{{ time.strftime('%Y week %V') }}", "2026 week 10"),
        ("all", "all"),
    ],
)
def test_a_format_gives_the_key_of_a_group(text: str, key: str) -> None:
    assert AggregationFormat.parse(text).key(ACTIVITY) == key


@pytest.mark.parametrize(
    "text",
    [
        "{{ verb",
        "{{ }}",
        "{{ verb | upper }}",
        "{{ verb.__class__.__mro__ }}{{ verb.upper() }}",
        "{{ ''.__class__() }}",
        "{{ open('/etc/passwd') }}",
        "{{ time.strftime(verb) }}",
        "{{ time.strftime('%999999999d') }}",
        "{{ verb[0] }}",
        "{{ lambda: 1 }}",
        "{% for x in range(9) %}{% endfor %}",
        "{% import os %}",
        "{% if verb %}a",
        "{% endif %}",
        "{% if verb %}a{% else %}b{% else %}c{% endif %}",
        "{{ " + "(" * 100 + "1" + ")" * 100 + " }}",
        "{{ " + "1+" * 1000 + "1 }}",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        AggregationFormat.parse(text)


def test_attributes_of_python_are_out_of_reach() -> None:
    assert AggregationFormat.parse("{{ verb.__class__ }}{{ time.year }}").key(ACTIVITY) == ""


def test_a_field_that_is_not_a_time_cannot_be_formatted_as_one() -> None:
    with pytest.raises(ExpressionError, match="strftime"):
        AggregationFormat.parse("{{ verb.strftime('%Y') }}").key(ACTIVITY)


def test_long_keys_are_cut_and_remain_distinct() -> None:
    text = AggregationFormat.parse("{{ object }}")
    first, second = (text.key({"object": "x" * 1000 + end}) for end in "ab")

    assert len(first) == len(second) == MAX_KEY_LENGTH
    assert first != second
