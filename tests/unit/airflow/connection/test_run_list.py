"""Batches of runs."""

from __future__ import annotations

from dj_actions_airflow.connection.run_list import batches


def test_ids_are_asked_for_in_requests_that_servers_accept() -> None:
    keys = [("reports", f"djactions-{number:0190}") for number in range(60)]
    found = list(batches(keys))

    assert [one for batch in found for one in batch] == keys
    assert all(len("|".join(run_id for _, run_id in batch)) < 6000 for batch in found)
