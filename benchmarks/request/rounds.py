"""Ask all contenders in turn, in short rounds, so that whatever drifts, drifts for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from rest_framework.authtoken.models import Token

from benchmarks.request.contenders import CONTENDERS, Contender
from benchmarks.request.exchange import Exchange, Way
from benchmarks.samples import rotated
from example.todos.models import Todo


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is measured."""

    rounds: int
    warm_up_rounds: int
    requests_per_round: int = 10


THOROUGH = Effort(rounds=300, warm_up_rounds=20)
QUICK = Effort(rounds=12, warm_up_rounds=3)


@dataclass(slots=True)
class Runner:
    """One contender with a user, an endpoint and todos of its own."""

    contender: Contender
    owner: User
    exchange: Exchange
    made: int = field(default=0, init=False)
    """Requests so far, all of which must be found in the database afterwards."""

    @classmethod
    def enter(cls, contender: Contender) -> Runner:
        """Give the contender its user and its token."""
        owner = User.objects.create_user(contender.name)
        token = Token.objects.create(user=owner)
        return cls(contender, owner, Exchange(contender, token.key))

    def fresh_todos(self, count: int) -> list[Todo]:
        """Make open todos that nobody has touched."""
        title = f"Todo of {self.contender.name}"
        return Todo.objects.bulk_create(Todo(title=title, owner=self.owner) for _ in range(count))

    def mark_done(self, todos: Sequence[Todo], way: Way) -> list[float]:
        """Mark them as done, one request each; return how many microseconds each took."""
        self.made += len(todos)
        return [self.exchange.mark_done(todo.pk, way) for todo in todos]


def enter_all() -> list[Runner]:
    """Make all contenders ready."""
    return [Runner.enter(contender) for contender in CONTENDERS]


def measure(
    runners: Sequence[Runner], way: Way, effort: Effort, tell: Callable[[str], None]
) -> Mapping[str, list[list[float]]]:
    """Return, by contender's name, the microseconds of each request, round by round."""
    rounds: dict[str, list[list[float]]] = {runner.contender.name: [] for runner in runners}
    tell(f"Warming up: {effort.warm_up_rounds} rounds")
    for number in range(effort.warm_up_rounds + effort.rounds):
        if number == effort.warm_up_rounds:
            tell(f"Measuring: {effort.rounds} rounds of {effort.requests_per_round} requests each")
        for runner in rotated(runners, number):
            todos = runner.fresh_todos(effort.requests_per_round)
            samples = runner.mark_done(todos, way)
            if number >= effort.warm_up_rounds:
                rounds[runner.contender.name].append(samples)
    return rounds
