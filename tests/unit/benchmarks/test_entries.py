"""What takes part in the drain benchmark, and what is compared with what."""

from __future__ import annotations

import pytest

from benchmarks.drain.backlog import Backlog
from benchmarks.drain.candidates import CANDIDATES, DJ_ACTIONS, LIMIT, RELIABLE_OUTBOX, Candidate
from benchmarks.drain.entries import ENTRIES, KEYS, counterpart, entries_for, entry_name
from benchmarks.drain.figures import measured_ratios
from benchmarks.drain.rounds import Round, Runner
from benchmarks.drain.workload import FULL, QUICK, Variant, Workload

URL = "postgres://localhost/none"
"""Not connected to."""

REQUIRED = [Variant(), Variant(lanes=4), Variant(keys=KEYS), Variant(keys=KEYS, lanes=4)]
MATCHING = [Variant(), Variant(relays=4), Variant(keys=KEYS), Variant(keys=KEYS, relays=4)]


def runner(candidate: Candidate, variant: Variant) -> Runner:
    if candidate.prepare:
        pytest.fail(f"{candidate.name} would connect to a database.")
    return Runner(
        candidate=candidate,
        backlog=Backlog(candidate, URL, keys=variant.keys),
        jobs=1,
        variant=variant,
    )


def one_round(rate: int) -> Round:
    return Round(jobs=rate, seconds=1.0, peak_rss_mb=80.0, shares=[rate])


def test_by_default_all_candidates_are_compared() -> None:
    entries = entries_for(Variant())
    assert [candidate for candidate in CANDIDATES if (candidate, Variant()) in entries] == list(
        CANDIDATES
    )
    assert (DJ_ACTIONS, Variant(lanes=2)) in entries


def test_the_peer_takes_part_by_key_and_without_with_one_thread_and_four() -> None:
    entries = entries_for(Variant())
    assert [variant for candidate, variant in entries if candidate == RELIABLE_OUTBOX] == REQUIRED


@pytest.mark.parametrize(("own", "other"), list(zip(MATCHING, REQUIRED, strict=True)))
def test_each_of_its_entries_is_beside_one_of_dj_actions(own: Variant, other: Variant) -> None:
    assert (DJ_ACTIONS, own) in ENTRIES
    assert (RELIABLE_OUTBOX, other) in ENTRIES
    assert counterpart(own) == other


def test_a_quick_run_leaves_out_four_threads_and_processes() -> None:
    entries = entries_for(Variant(), quick=True)
    assert {variant.relays for _, variant in entries} == {1}
    assert {variant.lanes for _, variant in entries} == {1, 2}
    assert {candidate.name for candidate, _ in entries} == {entry.name for entry in CANDIDATES}


@pytest.mark.parametrize("workload", [FULL, QUICK])
def test_a_short_run_has_enough_jobs_for_its_batches(workload: Workload) -> None:
    assert workload.rounds >= 3
    assert workload.jobs[DJ_ACTIONS.name] == workload.jobs[LIMIT.name] >= 30_000


def test_a_variant_is_compared_to_itself_and_to_the_peer() -> None:
    given = Variant(keys=200, relays=2, lanes=2)
    assert entries_for(given) == [
        (DJ_ACTIONS, Variant()),
        (DJ_ACTIONS, given),
        (RELIABLE_OUTBOX, Variant(keys=200, lanes=4)),
    ]


@pytest.mark.parametrize(
    "given",
    [Variant(pending=50_000), Variant(held_snapshot=True), Variant(keys=10, parked=1)],
)
def test_a_condition_that_the_peer_has_not_is_for_dj_actions_alone(given: Variant) -> None:
    assert entries_for(given) == [(DJ_ACTIONS, Variant()), (DJ_ACTIONS, given)]


def test_the_names_of_entries_are_unique_and_use_the_word_of_the_candidate() -> None:
    names = [entry_name(candidate, variant) for candidate, variant in ENTRIES]
    assert len(set(names)) == len(names)
    assert "dj_actions: 2 lanes" in names
    assert "reliable_outbox: 4 threads, in order of 5,000 keys" in names


def test_the_peer_is_compared_with_as_many_threads_and_the_same_order() -> None:
    rounds = {
        "dj_actions": [one_round(1000)],
        "dj_actions: 4 relays": [one_round(3000)],
        "dj_actions: 2 lanes": [one_round(2000)],
        "reliable_outbox": [one_round(100)],
        "reliable_outbox: 4 threads": [one_round(200)],
    }
    ratios = {
        variant: measured_ratios(runner(DJ_ACTIONS, variant), rounds)
        for variant in (Variant(), Variant(relays=4), Variant(lanes=2))
    }
    assert ratios[Variant()]["counterpart"].value == 10
    assert ratios[Variant(relays=4)]["counterpart"].value == 15
    assert "counterpart" not in ratios[Variant(lanes=2)]
    assert "counterpart" not in measured_ratios(runner(RELIABLE_OUTBOX, Variant()), rounds)
