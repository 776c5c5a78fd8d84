"""What is drained, under which circumstances, and what is made of the answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.drain.contenders import CONTENDERS, DJ_ACTIONS, LIMIT, PROCRASTINATE
from benchmarks.drain.drainers import DRAINERS
from benchmarks.drain.effort import QUICK, THOROUGH, Effort, Variant, effort_of, variant_of
from benchmarks.drain.process import peak_rss_mb
from benchmarks.drain.question import bases_of, entries_of
from benchmarks.drain.rounds import round_of
from benchmarks.drain.tally import Tally
from benchmarks.errors import NoFigure
from benchmarks.options import Options, options_from

ANSWERS = [
    {"jobs": 300, "seconds": 2.0, "peak_rss_mb": 70.5, "started": 10.0, "ended": 12.0},
    {"jobs": 100, "seconds": 2.5, "peak_rss_mb": 80.5, "started": 11.5, "ended": 14.0},
]


def asked(*arguments: str) -> Options:
    return options_from(["drain", *arguments])


def variant(*arguments: str) -> Variant:
    options = asked(*arguments)
    return variant_of(options, effort_of(options))


def test_each_contender_can_be_opened_and_has_jobs() -> None:
    names = {contender.name for contender in CONTENDERS}
    assert names == set(DRAINERS) == set(THOROUGH.jobs) == set(QUICK.jobs)


def test_without_options_the_usual_is_measured() -> None:
    assert effort_of(asked()) == THOROUGH
    assert effort_of(asked("--quick")) == QUICK
    assert variant().is_plain


def test_a_number_of_jobs_is_that_of_the_fast_and_the_most_of_the_slow() -> None:
    few, many = effort_of(asked("--jobs", "30")), effort_of(asked("--jobs", "1000000"))
    assert set(few.jobs.values()) == {30}
    assert many.jobs[LIMIT.name] == many.jobs[DJ_ACTIONS.name] == 1_000_000
    assert many.jobs[PROCRASTINATE.name] == THOROUGH.jobs[PROCRASTINATE.name]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rounds", "1"], "at least 2 rounds, not 1"),
        (["--jobs", "0"], "--jobs is 0"),
    ],
)
def test_an_effort_that_gives_no_figure_is_refused(arguments: list[str], message: str) -> None:
    with pytest.raises(NoFigure, match=message):
        effort_of(asked(*arguments))


def test_more_cannot_be_drained_than_is_pending() -> None:
    with pytest.raises(NoFigure, match="Of 50 pending deliveries, 51 cannot be"):
        variant("--jobs", "51", "--pending", "50")
    assert variant("--jobs", "50", "--pending", "50").pending == 50


def test_circumstances_are_named() -> None:
    given = variant("--pending", "1000000", "--settled", "10000000", "--held-snapshot",
                    "--relays", "4")  # fmt: skip
    assert str(given) == "1,000,000 pending, 10,000,000 settled, a held snapshot, 4 relays"
    assert str(variant("--relays", "2")) == "2 relays"
    assert str(variant("--lanes", "3")) == "3 lanes"
    assert str(variant("--sleeping-neighbour")) == "a neighbour that sleeps"


@pytest.mark.parametrize(
    ("given", "keeps"),
    [
        (Variant(pending=1), True),
        (Variant(settled=1), True),
        (Variant(held_snapshot=True, relays=2), False),
    ],
)
def test_only_tables_that_are_large_on_purpose_keep_their_rows(given: Variant, keeps: bool) -> None:
    assert given.keeps_rows is keeps


def test_usually_everybody_takes_part_and_is_compared_to_the_limit_and_procrastinate() -> None:
    entries = entries_of(Variant())
    assert entries.pop(2) == (DJ_ACTIONS, Variant(lanes=2))
    assert entries == [(contender, Variant()) for contender in CONTENDERS]
    assert list(bases_of({contender.name: [] for contender in CONTENDERS})) == [
        LIMIT.name,
        PROCRASTINATE.name,
    ]


def test_under_other_circumstances_dj_actions_is_compared_to_itself() -> None:
    other = Variant(relays=4)
    assert entries_of(other) == [(DJ_ACTIONS, Variant()), (DJ_ACTIONS, other)]
    assert bases_of({"dj_actions": [], "dj_actions variant": []}) == {"dj_actions": "plain"}


def test_a_round_lasts_from_its_first_process_to_its_last() -> None:
    done = round_of(ANSWERS)
    assert (done.jobs, done.seconds, done.rate) == (400, 4.0, 100.0)
    assert (done.peak_rss_mb, list(done.shares)) == (80.5, [300, 100])


def test_a_tally_says_once_that_it_is_enough() -> None:
    said: list[int] = []
    tally = Tally()
    tally.begin(2, lambda: said.append(tally.jobs))
    for _ in range(3):
        tally.add()
    assert (tally.jobs, said) == (3, [2])


def add_many(tally: Tally, count: int) -> None:
    for _ in range(count):
        tally.add()


def test_a_tally_counts_what_several_threads_do() -> None:
    tally = Tally()
    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(add_many, tally, 1000)
    assert tally.jobs == 4000


def test_a_tally_begins_afresh_and_without_a_limit_never_ends() -> None:
    tally = Tally(jobs=7, limit=8, enough=lambda: pytest.fail("There is no limit any more."))
    tally.begin()
    tally.add()
    assert tally.jobs == 1


def test_memory_is_that_of_this_process_in_mebibytes() -> None:
    before = peak_rss_mb()
    block = bytearray(b"x" * (64 * 1024**2))
    assert peak_rss_mb() >= len(block) / 1024**2
    assert 5 < before < 10_000


def test_an_effort_has_jobs_for_each_contender_and_rounds() -> None:
    given = effort_of(asked("--rounds", "7"))
    assert given == Effort(rounds=7, jobs=THOROUGH.jobs)
