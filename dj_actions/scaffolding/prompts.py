"""Ask on a terminal for what the command line has left open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from dj_actions.scaffolding.errors import ScaffoldingRefused

T = TypeVar("T")

ANSWERS = {"": True, "y": True, "yes": True, "n": False, "no": False}


class Cancelled(Exception):
    """Whoever was asked has broken off."""


@dataclass(slots=True)
class Questions:
    """Asks, where somebody can answer.

    Args:
        may_ask: whether there is somebody to ask.
        say: shows a line.
    """

    may_ask: bool
    say: Callable[[str], Any]
    asked: bool = False
    """Whether anything has been asked."""

    def require(self, options: Mapping[str, str | None]) -> None:
        """Refuse to go on without these, if nobody can be asked for them.

        Args:
            options: how an option is spelt → what was given for it.

        Raises:
            ScaffoldingRefused: something is missing.
        """
        missing = [spelling for spelling, given in options.items() if not given]
        if missing and not self.may_ask:
            raise ScaffoldingRefused(
                f"Missing: {', '.join(missing)}. Nobody can be asked here: give what is missing "
                "on the command line."
            )

    def settle(
        self, given: str | None, question: str, read: Callable[[str], T], *, default: str = ""
    ) -> T:
        """Return what was given, or what is answered.

        Args:
            given: on the command line.
            question: what is asked if nothing was given.
            read: turns the text into what is meant; refuses what cannot be.
            default: what an empty answer means.

        Raises:
            ScaffoldingRefused: what was given cannot be.
            Cancelled: there is no answer.
        """
        if given:
            return read(given)
        while True:
            shown = f" [{default}]" if default else ""
            answer = self._answer(f"{question}{shown}: ") or default
            try:
                return read(answer)
            except ScaffoldingRefused as refusal:
                self.say(str(refusal))

    def confirm(self, question: str) -> bool:
        """Ask whether to go on; an empty answer means yes.

        Raises:
            Cancelled: there is no answer.
        """
        while (answer := self._answer(f"{question} [Y/n] ").lower()) not in ANSWERS:
            self.say("Please answer y or n.")
        return ANSWERS[answer]

    def _answer(self, prompt: str) -> str:
        self.asked = True
        try:
            return input(prompt).strip()
        except (EOFError, KeyboardInterrupt) as error:
            raise Cancelled from error


def one_of(kind: Callable[[str], T], names: list[str]) -> Callable[[str], T]:
    """Return a reader of one word out of several."""

    def read(text: str) -> T:
        if text not in names:
            raise ScaffoldingRefused(f"{text!r} is none of {', '.join(names)}.")
        return kind(text)

    return read
