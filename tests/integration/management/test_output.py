"""How commands show values in a terminal."""

from __future__ import annotations

import pytest

from dj_actions.cli.output import count_of, duration, error_line, one_line


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0, "0 s"),
        (0.26, "0.3 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "120 min"),
        (11_520, "3.2 h"),
        (5 * 86_400, "5 d"),
    ],
)
def test_a_duration_has_the_largest_unit_of_which_it_has_two(
    seconds: float | None, text: str
) -> None:
    assert duration(seconds) == text


def test_a_count_has_a_singular_and_a_plural() -> None:
    assert [count_of(number, "relay", "relays") for number in (0, 1, 2)] == [
        "0 relays",
        "1 relay",
        "2 relays",
    ]


def test_text_cannot_control_the_terminal() -> None:
    assert one_line("a\x1b[2J\nb") == "a [2J b"


def test_an_error_is_shown_in_one_line_and_one_without_a_message_by_its_class() -> None:
    assert error_line(ValueError("one\n  two")) == "one two"
    assert error_line(ValueError()) == "ValueError"
