"""Verify from the database that every candidate did its work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from procrastinate.contrib.django.models import ProcrastinateJob

from benchmarks.errors import BenchmarkError
from benchmarks.request.by_hand import count_rows
from benchmarks.request.candidates import BY_HAND, DJ_ACTIONS, PROCRASTINATE
from benchmarks.request.client import NOTE
from benchmarks.request.rounds import Runner
from dj_actions.models import ActionEvent, Delivery
from dj_actions.states import DeliveryState
from example.todos.models import Todo


class RowCountError(BenchmarkError):
    """The rows in the database do not match the requests."""


def verify_rows(runners: Sequence[Runner]) -> None:
    """Compare the number of requests with the rows in the database.

    Raises:
        RowCountError: the numbers differ; the message lists each difference.
    """
    expected = _expected({runner.candidate.name: runner.request_count for runner in runners})
    found = _found(runners)
    errors = [
        f"{label}: {found[label]} instead of {count}"
        for label, count in expected.items()
        if found[label] != count
    ]
    if errors:
        raise RowCountError(f"The rows do not match the requests: {'; '.join(errors)}.")


def _expected(requests: Mapping[str, int]) -> dict[str, int]:
    recorded, by_hand, deferred = (
        requests[candidate.name] for candidate in (DJ_ACTIONS, BY_HAND, PROCRASTINATE)
    )
    return {f"todos done by {name}": count for name, count in requests.items()} | {
        "todos left open": 0,
        "events": recorded,
        "pending deliveries to feeds": recorded,
        "pending deliveries to pipelines": recorded,
        "all deliveries": 2 * recorded,
        "events by hand": by_hand,
        "deliveries by hand": 2 * by_hand,
        "jobs update_feed": deferred,
        "jobs start_pipeline": deferred,
        "all jobs": 2 * deferred,
    }


def _found(runners: Sequence[Runner]) -> dict[str, int]:
    done = Todo.objects.filter(done=True, note=NOTE)
    pending = Delivery.objects.filter(state=DeliveryState.PENDING)
    jobs = ProcrastinateJob.objects
    return {
        f"todos done by {runner.candidate.name}": done.filter(owner=runner.owner).count()
        for runner in runners
    } | {
        "todos left open": Todo.objects.filter(done=False).count(),
        "events": ActionEvent.objects.filter(resource="todo", action="mark_done").count(),
        "pending deliveries to feeds": pending.filter(publisher="feeds").count(),
        "pending deliveries to pipelines": pending.filter(publisher="pipelines").count(),
        "all deliveries": Delivery.objects.count(),
        "events by hand": count_rows("by_hand_event"),
        "deliveries by hand": count_rows("by_hand_delivery"),
        "jobs update_feed": jobs.filter(task_name="update_feed").count(),
        "jobs start_pipeline": jobs.filter(task_name="start_pipeline").count(),
        "all jobs": jobs.count(),
    }
