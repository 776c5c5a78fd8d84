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
    _compare(expected, _found(runners))


def verify_bulk_rows(runners: Sequence[Runner]) -> None:
    """Compare the number of requests for many objects with the rows in the database.

    Raises:
        RowCountError: the numbers differ; the message lists each difference.
    """
    (recorded,) = (entry for entry in runners if entry.candidate is DJ_ACTIONS)
    events = ActionEvent.objects.filter(action="bulk_mark_done")
    objects = sum(len(keys) for keys in events.values_list("object_ids", flat=True))
    expected = {
        f"todos done by {entry.candidate.name}": entry.request_count * (entry.objects or 1)
        for entry in runners
    } | {
        "todos left open": 0,
        "events": recorded.request_count,
        "objects of events": recorded.request_count * (recorded.objects or 1),
        "pending deliveries": 2 * recorded.request_count,
    }
    found = _done(runners) | {
        "todos left open": Todo.objects.filter(done=False).count(),
        "events": events.count(),
        "objects of events": objects,
        "pending deliveries": Delivery.objects.filter(state=DeliveryState.PENDING).count(),
    }
    _compare(expected, found)


def _compare(expected: Mapping[str, int], found: Mapping[str, int]) -> None:
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
    pending = Delivery.objects.filter(state=DeliveryState.PENDING)
    jobs = ProcrastinateJob.objects
    return _done(runners) | {
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


def _done(runners: Sequence[Runner]) -> dict[str, int]:
    done = Todo.objects.filter(done=True, note=NOTE)
    return {
        f"todos done by {runner.candidate.name}": done.filter(owner=runner.owner).count()
        for runner in runners
    }
