"""The picture of 24 hours."""

from __future__ import annotations

from dj_actions.console.screens.sparkline import HEIGHT, Sparkline
from dj_actions.outbox.queries import NO_COUNTS, PERIODS, Counts, RecentCounts


def recent(**counts: Counts) -> RecentCounts:
    periods = [Counts()] * PERIODS
    for name, found in counts.items():
        periods[int(name.removeprefix("at"))] = found
    return RecentCounts(periods=periods)


def test_nothing_is_an_empty_picture_and_a_sentence() -> None:
    picture = Sparkline.of(NO_COUNTS)
    assert (picture.bars, picture.text) == ([], "24 hours: nothing was sent.")


def test_the_highest_half_hour_has_the_height_of_the_picture() -> None:
    picture = Sparkline.of(recent(at0=Counts(delivered=50, failed=50), at47=Counts(delivered=25)))
    first, last = picture.bars
    assert (first.delivered + first.failed, first.failed_y) == (HEIGHT, 0)
    assert (last.delivered, last.failed, last.delivered_y) == (HEIGHT // 4, 0, HEIGHT * 3 // 4)
    assert last.x < picture.width


def test_one_failure_among_many_is_seen() -> None:
    (bar,) = Sparkline.of(recent(at5=Counts(delivered=100_000, failed=1))).bars
    assert (bar.failed, bar.delivered) == (1, HEIGHT - 1)
