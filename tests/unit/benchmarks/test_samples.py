"""Summaries, ratios, confidence intervals and rotation are correct."""

from __future__ import annotations

import random

import pytest

from benchmarks.samples import paired_ratio, rotated, summarize


def noisy_rounds(center: float, *, seed: int) -> list[list[float]]:
    """Return 40 rounds of 10 samples that vary by 10 % around a center."""
    generator = random.Random(seed)
    return [[center * generator.uniform(0.9, 1.1) for _ in range(10)] for _ in range(40)]


def test_a_summary_of_the_numbers_to_a_hundred_is_known() -> None:
    summary = summarize([float(number) for number in range(101)])
    assert (summary.count, summary.median) == (101, 50)
    assert (summary.lower_quartile, summary.upper_quartile) == (25, 75)
    assert summary.percentile_95 == 95


def test_the_order_of_samples_does_not_matter() -> None:
    samples = [float(number) for number in range(50)]
    shuffled = random.Random(1).sample(samples, k=len(samples))
    assert summarize(shuffled) == summarize(samples)


def test_one_outlier_leaves_the_median_alone() -> None:
    assert summarize([1.0, 1.0, 1.0, 1.0, 1_000_000.0]).median == 1


def test_a_single_sample_has_no_summary() -> None:
    with pytest.raises(ValueError, match="at least 2 samples, not 1"):
        summarize([1.0])


def test_the_ratio_of_a_candidate_to_itself_is_exactly_one() -> None:
    rounds = noisy_rounds(5, seed=1)
    ratio = paired_ratio(rounds, rounds)
    assert (ratio.value, ratio.low, ratio.high) == (1, 1, 1)


def test_a_drift_that_slows_both_sides_down_does_not_widen_the_interval() -> None:
    base = [[speed * number for number in (1.0, 2.0, 3.0)] for speed in (1, 2, 4, 8, 16, 32)]
    twice = [[2 * sample for sample in samples] for samples in base]
    ratio = paired_ratio(twice, base)
    assert (ratio.value, ratio.low, ratio.high) == (2, 2, 2)


def test_the_interval_holds_the_true_ratio_and_leaves_out_others() -> None:
    ratio = paired_ratio(noisy_rounds(7, seed=1), noisy_rounds(5, seed=2))
    assert ratio.low < 1.4 < ratio.high
    assert ratio.low <= ratio.value <= ratio.high
    assert ratio.low > 1.3
    assert ratio.high < 1.5


def test_the_same_samples_give_the_same_interval_again() -> None:
    rounds, base = noisy_rounds(7, seed=1), noisy_rounds(5, seed=2)
    assert paired_ratio(rounds, base) == paired_ratio(rounds, base)


@pytest.mark.parametrize(("rounds", "base"), [([[1.0]], [[1.0], [1.0]]), ([], [])])
def test_different_numbers_of_rounds_cannot_be_compared(
    rounds: list[list[float]], base: list[list[float]]
) -> None:
    with pytest.raises(ValueError, match="same rounds"):
        paired_ratio(rounds, base)


def test_each_entry_is_first_equally_often() -> None:
    turns = [rotated("abc", turn) for turn in range(6)]
    assert turns[:3] == [["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"]]
    assert turns[3:] == turns[:3]
