"""Let contenders take turns in processes of their own, round by round."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

from benchmarks.child import ChildProcess
from benchmarks.options import Progress
from benchmarks.samples import rotated


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A way to send messages."""

    name: str
    """An argument of its process."""

    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """The result of one contender in one round."""

    rate: float
    """Messages per second."""

    cpu_microseconds: float
    """CPU time of the contender's process for each message."""

    @classmethod
    def at(cls, rate: float, *, seconds: float, cpu_seconds: float) -> Self:
        """Return the result of a turn.

        Args:
            rate: messages per second.
            seconds: the part of the turn that counts.
            cpu_seconds: CPU time of the process in that part.
        """
        return cls(rate=rate, cpu_microseconds=cpu_seconds * 1e6 / max(rate * seconds, 1))


def take_turns(
    contenders: Sequence[Contender],
    *,
    rounds: int,
    open_child: Callable[[Contender], ChildProcess],
    measure: Callable[[Contender, ChildProcess], Turn],
    title: str,
    progress: Progress,
) -> Mapping[str, list[Turn]]:
    """Return the turns of each contender, by name.

    Args:
        contenders: each has one turn in each round; every round starts with another one.
        rounds: how many rounds there are.
        open_child: starts the process of a contender, which sends a line when it is ready.
        measure: lets the process of a contender work for one turn.
        title: what is measured.
        progress: receives one line for each round.

    Raises:
        BenchmarkError: a process failed.
    """
    turns: dict[str, list[Turn]] = {contender.name: [] for contender in contenders}
    with ExitStack() as stack:
        children = {one.name: stack.enter_context(open_child(one)) for one in contenders}
        for child in children.values():
            child.read()
        for number in range(rounds):
            for contender in rotated(contenders, number):
                turns[contender.name].append(measure(contender, children[contender.name]))
            rates = ", ".join(f"{one.title} {turns[one.name][-1].rate:,.1f}" for one in contenders)
            progress(f"{title}, round {number + 1} of {rounds}: {rates} per second")
    return turns
