"""The jobs of the peers, which do nothing."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from procrastinate.contrib.django import app

from benchmarks.drain.tally import tally

if find_spec("django.tasks"):  # since Django 6
    from django.tasks import task  # type: ignore[import-not-found,unused-ignore]
else:
    from django_tasks import task  # type: ignore[no-redef,unused-ignore]


@app.task(name="nothing")  # type: ignore[untyped-decorator]  # installed for `make bench` only
async def nothing(**_payload: Any) -> None:
    """Count one job of procrastinate; a coroutine, for that costs no thread."""
    tally.add()


@task()  # type: ignore[untyped-decorator,unused-ignore]  # as above
def nothing_for_django_tasks(_payload: dict[str, Any]) -> None:
    """Count one job of django-tasks-db."""
    tally.add()
