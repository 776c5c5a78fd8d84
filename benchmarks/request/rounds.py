"""Measure all candidates in turn, in short rounds, so that drift affects all alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from rest_framework.authtoken.models import Token

from benchmarks.options import Progress
from benchmarks.request.candidates import Candidate
from benchmarks.request.client import CandidateClient, Transport
from benchmarks.samples import rotated
from example.todos.models import Todo


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The size of a measurement."""

    rounds: int
    warm_up_rounds: int
    requests_per_round: int = 10


FULL = Workload(rounds=300, warm_up_rounds=20)
QUICK = Workload(rounds=60, warm_up_rounds=10)
BULK = Workload(rounds=40, warm_up_rounds=3, requests_per_round=2)
BULK_QUICK = Workload(rounds=6, warm_up_rounds=1, requests_per_round=2)


@dataclass(slots=True)
class Runner:
    """A candidate with its own user, client and todos."""

    candidate: Candidate
    owner: User
    client: CandidateClient

    objects: int | None = None
    """Objects of one request; None for one object, which the URL names."""

    request_count: int = field(default=0, init=False)
    """Requests sent so far, which the rows in the database must match."""

    @classmethod
    def create(cls, candidate: Candidate, objects: int | None = None) -> Runner:
        """Create the candidate's user and token."""
        owner = User.objects.create_user(candidate.name)
        token = Token.objects.create(user=owner)
        return cls(candidate, owner, CandidateClient(candidate, token.key), objects)

    def create_todos(self, requests: int) -> list[Todo]:
        """Create open todos for a number of requests."""
        title, count = f"Todo of {self.candidate.name}", requests * (self.objects or 1)
        return Todo.objects.bulk_create(Todo(title=title, owner=self.owner) for _ in range(count))

    def mark_done(self, todos: Sequence[Todo], transport: Transport) -> list[float]:
        """Mark the todos as done, and return the duration of each request in microseconds."""
        keys = [todo.pk for todo in todos]
        if self.objects is None:
            durations = [self.client.mark_done(key, transport) for key in keys]
        else:
            starts = range(0, len(keys), self.objects)
            batches = [keys[start : start + self.objects] for start in starts]
            durations = [self.client.mark_many_done(batch, transport) for batch in batches]
        self.request_count += len(durations)
        return durations


def measure(
    runners: Sequence[Runner],
    transport: Transport,
    workload: Workload,
    progress: Progress,
) -> Mapping[str, list[list[float]]]:
    """Return the durations in microseconds, by candidate and round."""
    rounds: dict[str, list[list[float]]] = {runner.candidate.name: [] for runner in runners}
    progress(f"Warming up: {workload.warm_up_rounds} rounds")
    for number in range(workload.warm_up_rounds + workload.rounds):
        if number == workload.warm_up_rounds:
            progress(
                f"Measuring: {workload.rounds} rounds of {workload.requests_per_round} requests"
            )
        for runner in rotated(runners, number):
            todos = runner.create_todos(workload.requests_per_round)
            samples = runner.mark_done(todos, transport)
            if number >= workload.warm_up_rounds:
                rounds[runner.candidate.name].append(samples)
    return rounds
