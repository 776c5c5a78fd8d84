"""What an Airflow can do, by its version."""

from __future__ import annotations

import pytest
from dj_actions_airflow.connection.features import Features


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("", (False, False, False)),
        ("unknown", (False, False, False)),
        ("2.11.0", (False, False, False)),
        ("3.0.6", (False, False, False)),
        ("3.1.0", (True, False, False)),
        ("3.1.8+astro.1", (True, False, False)),
        ("3.2.0", (True, False, True)),
        ("3.2.2", (True, True, True)),
        ("3.3.2", (True, True, True)),
        ("3.3", (True, True, True)),
        ("3.10.0rc1", (True, True, True)),
        ("4.0.0.dev0", (True, True, True)),
    ],
)
def test_versions_differ_in_what_they_know(version: str, expected: tuple[bool, ...]) -> None:
    features = Features.of(version)
    found = (features.run_id_pattern, features.run_id_prefix_pattern, features.partition_key)

    assert found == expected


def test_runs_are_selected_by_what_a_version_knows() -> None:
    filters = [Features.of(version).run_id_filter for version in ("3.0.6", "3.1.0", "3.2.2")]

    assert filters == [None, "run_id_pattern", "run_id_prefix_pattern"]
