"""Which response of Airflow is behind an error. Without the client, which is slow to import."""

from __future__ import annotations

from dj_actions.exceptions import PublishError


def status_of(error: PublishError) -> int | None:
    """Return the status of the response that was translated to an error; None without one."""
    return getattr(error.__cause__, "status", None)
