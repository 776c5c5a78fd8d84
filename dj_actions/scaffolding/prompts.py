"""Prompt on a terminal for options that are missing on the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from dj_actions.scaffolding.errors import ScaffoldingError

T = TypeVar("T")

ANSWERS = {"": True, "y": True, "yes": True, "n": False, "no": False}


class Cancelled(Exception):
    """The user has ended the input."""


@dataclass(slots=True)
class Prompter:
    """Prompts for values, if there is a terminal.

    Args:
        is_interactive: whether a user can answer.
        write: prints a line.
    """

    is_interactive: bool
    write: Callable[[str], Any]
    has_prompted: bool = False
    """Whether the user has been asked anything."""

    def require(self, options: Mapping[str, str | None]) -> None:
        """Refuse to continue without these options, unless a user can be prompted for them.

        Args:
            options: spelling of each option → the given value.

        Raises:
            ScaffoldingError: an option is missing.
        """
        missing = [spelling for spelling, given in options.items() if not given]
        if missing and not self.is_interactive:
            raise ScaffoldingError(
                f"Missing: {', '.join(missing)}. Without a terminal, all of these are required on "
                "the command line."
            )

    def resolve(
        self, given: str | None, question: str, parse: Callable[[str], T], *, default: str = ""
    ) -> T:
        """Return the parsed option, or the parsed answer to a prompt.

        Args:
            given: the value from the command line.
            question: the prompt, if no value was given.
            parse: converts the string, or raises ScaffoldingError.
            default: the value of an empty answer.

        Raises:
            ScaffoldingError: the given value is invalid.
            Cancelled: the input ended.
        """
        if given:
            return parse(given)
        while True:
            shown_default = f" [{default}]" if default else ""
            answer = self._answer(f"{question}{shown_default}: ") or default
            try:
                return parse(answer)
            except ScaffoldingError as error:
                self.write(str(error))

    def confirm(self, question: str) -> bool:
        """Return whether the user answers yes; an empty answer means yes.

        Raises:
            Cancelled: the input ended.
        """
        while (answer := self._answer(f"{question} [Y/n] ").lower()) not in ANSWERS:
            self.write("Please answer y or n.")
        return ANSWERS[answer]

    def _answer(self, prompt: str) -> str:
        self.has_prompted = True
        try:
            return input(prompt).strip()
        except (EOFError, KeyboardInterrupt) as error:
            raise Cancelled from error


def one_of(kind: Callable[[str], T], names: list[str]) -> Callable[[str], T]:
    """Return a parser that accepts one of several words."""

    def parse(text: str) -> T:
        if text not in names:
            raise ScaffoldingError(f"Invalid choice {text!r}; expected one of: {', '.join(names)}.")
        return kind(text)

    return parse
