"""The drain benchmark: its workload, variants, job counter and results."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.drain.candidates import CANDIDATES, DJ_ACTIONS, LIMIT, PROCRASTINATE
from benchmarks.drain.counter import JobCounter
from benchmarks.drain.drainers import DRAINERS
from benchmarks.drain.figures import baselines_for
from benchmarks.drain.process import peak_rss_mb
from benchmarks.drain.rounds import combine
from benchmarks.drain.workload import FULL, QUICK, Variant, Workload, variant_from, workload_from
from benchmarks.errors import BenchmarkError
from benchmarks.options import Options, parse_options

RESULTS = [
    {"jobs": 300, "peak_rss_mb": 70.5, "started": 10.0, "ended": 12.0},
    {"jobs": 100, "peak_rss_mb": 80.5, "started": 11.5, "ended": 14.0},
]


def parse(*arguments: str) -> Options:
    return parse_options(["drain", *arguments])


def variant(*arguments: str) -> Variant:
    options = parse(*arguments)
    return variant_from(options, workload_from(options))


def test_each_contender_can_be_opened_and_has_jobs() -> None:
    names = {candidate.name for candidate in CANDIDATES}
    assert names == set(DRAINERS) == set(FULL.jobs) == set(QUICK.jobs)


def test_without_options_the_default_is_measured() -> None:
    assert workload_from(parse()) == FULL
    assert workload_from(parse("--quick")) == QUICK
    assert variant().is_default


def test_jobs_is_the_number_of_the_fast_and_the_maximum_of_the_slow() -> None:
    few, many = workload_from(parse("--jobs", "30")), workload_from(parse("--jobs", "1000000"))
    assert set(few.jobs.values()) == {30}
    assert many.jobs[LIMIT.name] == many.jobs[DJ_ACTIONS.name] == 1_000_000
    assert many.jobs[PROCRASTINATE.name] == FULL.jobs[PROCRASTINATE.name]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rounds", "1"], "at least 2 rounds, not 1"),
        (["--jobs", "0"], "--jobs is 0"),
    ],
)
def test_a_workload_that_gives_no_result_is_rejected(arguments: list[str], message: str) -> None:
    with pytest.raises(BenchmarkError, match=message):
        workload_from(parse(*arguments))


def test_more_cannot_be_drained_than_is_pending() -> None:
    with pytest.raises(BenchmarkError, match="Of 50 pending deliveries, 51 cannot be drained"):
        variant("--jobs", "51", "--pending", "50")
    assert variant("--jobs", "50", "--pending", "50").pending == 50


def test_conditions_are_listed() -> None:
    given = variant("--pending", "1000000", "--settled", "10000000", "--held-snapshot",
                    "--relays", "4")  # fmt: skip
    assert str(given) == "1,000,000 pending, 10,000,000 settled, a held snapshot, 4 relays"
    assert str(variant("--relays", "2")) == "2 relays"
    assert str(variant("--lanes", "3")) == "3 lanes"
    assert str(variant("--sleeping-neighbor")) == "a sleeping neighbor"


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


def test_the_baselines_are_those_that_take_part() -> None:
    assert list(baselines_for({candidate.name: [] for candidate in CANDIDATES})) == [
        LIMIT.name,
        PROCRASTINATE.name,
        DJ_ACTIONS.name,
        "counterpart",
    ]
    assert baselines_for({"dj_actions": [], "dj_actions variant": []}) == {"dj_actions": "plain"}


def test_a_round_lasts_from_its_first_process_to_its_last() -> None:
    done = combine(RESULTS)
    assert (done.jobs, done.seconds, done.rate) == (400, 4.0, 100.0)
    assert (done.peak_rss_mb, list(done.shares)) == (80.5, [300, 100])


def test_time_runs_from_the_first_job_that_is_counted() -> None:
    counter = JobCounter()
    counter.start()
    before = time.monotonic()
    counter.increment(100)
    after = time.monotonic()
    counter.increment()
    assert counter.jobs == 101
    assert counter.first_at is not None
    assert before <= counter.first_at <= after


def test_a_counter_that_restarts_has_no_first_job() -> None:
    counter = JobCounter(jobs=1, first_at=1.0)
    counter.start()
    assert counter.first_at is None


def test_a_counter_calls_on_limit_once() -> None:
    calls: list[int] = []
    counter = JobCounter()
    counter.start(2, lambda: calls.append(counter.jobs))
    for _ in range(3):
        counter.increment()
    assert (counter.jobs, calls) == (3, [2])


def add_many(counter: JobCounter, count: int) -> None:
    for _ in range(count):
        counter.increment()


def test_a_counter_is_thread_safe() -> None:
    counter = JobCounter()
    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(add_many, counter, 1000)
    assert counter.jobs == 4000


def test_a_counter_restarts_from_zero_and_without_a_limit() -> None:
    counter = JobCounter(jobs=7, limit=8, on_limit=lambda: pytest.fail("The limit was reset."))
    counter.start()
    counter.increment()
    assert counter.jobs == 1


def test_memory_is_that_of_this_process_in_mebibytes() -> None:
    before = peak_rss_mb()
    block = bytearray(b"x" * (64 * 1024**2))
    assert peak_rss_mb() >= len(block) / 1024**2
    assert 5 < before < 10_000


def test_a_workload_has_rounds_and_jobs_for_each_candidate() -> None:
    given = workload_from(parse("--rounds", "7"))
    assert given == Workload(rounds=7, jobs=FULL.jobs)
