"""The jobs of the alternatives, which do nothing."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from procrastinate.contrib.django import app

from benchmarks.drain.counter import counter

if find_spec("django.tasks"):  # since Django 6
    from django.tasks import task  # type: ignore[import-not-found,unused-ignore]
else:
    from django_tasks import task  # type: ignore[no-redef,unused-ignore]


@app.task(name="noop")  # type: ignore[untyped-decorator]  # installed for `make bench` only
async def noop(**_payload: Any) -> None:
    """Count one job of procrastinate; a coroutine needs no thread."""
    counter.increment()


@task()  # type: ignore[untyped-decorator,unused-ignore]  # as above
def noop_for_django_tasks(_payload: dict[str, Any]) -> None:
    """Count one job of django-tasks-db."""
    counter.increment()
