"""Count what is in the database: a contender that did not do its work has not won."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from procrastinate.contrib.django.models import ProcrastinateJob

from benchmarks.errors import NoFigure
from benchmarks.request.by_hand import count_rows
from benchmarks.request.contenders import BY_HAND, DJ_ACTIONS, PROCRASTINATE
from benchmarks.request.exchange import NOTE
from benchmarks.request.rounds import Runner
from dj_actions.models import ActionEvent, Delivery
from dj_actions.states import DeliveryState
from example.todos.models import Todo


class WrongAccount(NoFigure):
    """What is in the database is not what the requests must have left there."""


def check_account(runners: Sequence[Runner]) -> None:
    """Compare what was asked for with what is there.

    Raises:
        WrongAccount: they differ; the message names each difference.
    """
    expected = _expected({runner.contender.name: runner.made for runner in runners})
    found = _found(runners)
    wrong = [
        f"{what}: {found[what]} instead of {count}"
        for what, count in expected.items()
        if found[what] != count
    ]
    if wrong:
        raise WrongAccount(f"The database does not hold what was done. {'; '.join(wrong)}.")


def _expected(made: Mapping[str, int]) -> dict[str, int]:
    recorded, by_hand, deferred = (
        made[contender.name] for contender in (DJ_ACTIONS, BY_HAND, PROCRASTINATE)
    )
    return {f"todos done by {name}": count for name, count in made.items()} | {
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
        f"todos done by {runner.contender.name}": done.filter(owner=runner.owner).count()
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
