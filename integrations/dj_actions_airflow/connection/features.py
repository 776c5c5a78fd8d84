"""What an Airflow can do, by its version."""

from __future__ import annotations

import re
from dataclasses import dataclass

VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


@dataclass(frozen=True, kw_only=True)
class Features:
    """What versions of Airflow's REST API differ in. An older server ignores what it does not know.

    A server whose version is unknown counts as the oldest.
    """

    run_id_pattern: bool = False
    """Runs can be filtered by a part of their id."""

    run_id_prefix_pattern: bool = False
    """Runs can be filtered by the beginning of their id; several beginnings are joined by `|`."""

    partition_key: bool = False
    """A run can be triggered for a partition."""

    @property
    def run_id_filter(self) -> str | None:
        """The parameter that selects runs by a beginning or a part of their id; None without."""
        if self.run_id_prefix_pattern:
            return "run_id_prefix_pattern"
        return "run_id_pattern" if self.run_id_pattern else None

    @classmethod
    def of(cls, version: str) -> Features:
        """Return what a version can do.

        Args:
            version: as `GET /version` returns it, for example `3.3.2` or `3.1.8+astro.1`.
        """
        found = VERSION.match(version)
        numbers = tuple(int(number or 0) for number in found.groups()) if found else (0,)
        return cls(
            run_id_pattern=numbers >= (3, 1, 0),
            run_id_prefix_pattern=numbers >= (3, 2, 2),
            partition_key=numbers >= (3, 2, 0),
        )
