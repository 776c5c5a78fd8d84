"""Ranking methods."""

from __future__ import annotations

import math
from typing import Any

import pytest
from dj_actions_stream.server.feed_groups.expressions import ExpressionError
from dj_actions_stream.server.feed_groups.ranking import Ranking

DAY = 86400
NOW = 1_800_000_000.0


def score(formula: str, *, functions: Any = None, defaults: Any = None, **variables: Any) -> float:
    config = {"score": formula, "functions": functions or {}, "defaults": defaults or {}}
    return Ranking.parse(config).score(variables, now=NOW)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("2 ^ 3 ^ 2", 512),
        ("-2 ^ 2", -4),
        ("10 - 4 - 3", 3),
        ("likes > 3 && shares > 0 ? likes : 0 - 1", 4),
        ("likes > 9 || shares == 1 ? 1 : 2", 1),
        ("!shares ? 1 : 2", 2),
        ("max(likes, MIN(7, 9)) + round(2.6) + trunc(2.6) + abs(-1)", 13),
        ("ln(1) + log(100)", 2),
        ("external.weight * likes", 40),
        ("missing + 1", 6),
        ("round(dist(52.37, 4.9, 48.86, 2.35))", 430),
        ("to_unix_timestamp('1970-01-02T00:00:00')", DAY),
    ],
)
def test_a_formula_gives_a_score(formula: str, expected: float) -> None:
    found = score(
        formula, defaults={"missing": 5, "likes": 0}, likes=4, shares=1, external={"weight": 10}
    )
    assert found == expected


@pytest.mark.parametrize(
    ("curve", "after_two_days"),
    [("decay_linear", 0.0), ("decay_exp", 0.25), ("decay_gauss", 0.0625)],
)
def test_a_score_decays_with_time(curve: str, after_two_days: float) -> None:
    assert score(f"{curve}(time)", time=NOW) == 1
    assert score(f"{curve}(time)", time=NOW - DAY) == pytest.approx(0.5)
    assert score(f"{curve}(time)", time=NOW - 2 * DAY) == pytest.approx(after_two_days)


def test_decay_functions_are_configurable() -> None:
    functions = {
        "simple": {"base": "decay_gauss", "scale": "5d", "offset": "1d", "decay": "0.3"},
        "near": {"base": "decay_linear", "origin": 100, "scale": 50, "direction": "left"},
    }
    assert score("simple(time)", functions=functions, time=NOW - DAY) == 1
    assert score("Simple(time)", functions=functions, time=NOW - 6 * DAY) == pytest.approx(0.3)
    assert score("near(price)", functions=functions, price=50) == pytest.approx(0.5)
    assert score("near(price)", functions=functions, price=900) == 1


def test_random_numbers_stay_in_their_range() -> None:
    assert all(2 <= score("rand(2, 3)") < 3 for _ in range(100))
    assert all(-1 <= score("rand_normal(-1, 1, 5, 0)") <= 1 for _ in range(100))


@pytest.mark.parametrize(
    "config",
    [
        None,
        {},
        {"score": 5},
        {"score": "1 +"},
        {"score": "system('ls')"},
        {"score": "time.__class__()"},
        {"score": "1", "other": 1},
        {"score": "1", "defaults": 5},
        {"score": "1", "functions": {"f": {"base": "eval"}}},
        {"score": "1", "functions": {"f": {"base": "decay_exp", "scale": "5 years"}}},
        {"score": "1", "functions": {"f": {"base": "decay_exp", "decay": 1}}},
        {"score": "1", "functions": {"f": {"base": "decay_exp", "typo": 1}}},
        {"score": "1", "functions": {"f": {"base": "decay_exp", "direction": "up"}}},
        {"score": "1", "functions": {"f": 5}},
    ],
)
def test_an_invalid_method_is_refused(config: Any) -> None:
    with pytest.raises(ExpressionError):
        Ranking.parse(config)


@pytest.mark.parametrize(
    "formula",
    [
        "missing",
        "1 / 0",
        "10 ^ 999",
        "(-1) ^ 0.5",
        "ln(0)",
        "word + 1",
        "-word",
        "word < 1",
        "word",
        "min(word, 1)",
        "min()",
        "dist(1, 2, 3, 4, 'X')",
        "decay_exp(word)",
    ],
)
def test_a_formula_that_gives_no_number_is_an_error(formula: str) -> None:
    with pytest.raises(ExpressionError):
        score(formula, word="text")


def test_the_inputs_of_a_score_are_reported() -> None:
    ranking = Ranking.parse({"score": "likes * external.w", "defaults": {"likes": 2}})

    assert ranking.inputs({"external": {"w": 3}}) == {"likes": 2, "external.w": 3}
    assert math.isclose(ranking.score({"external": {"w": 3}}, now=NOW), 6)
