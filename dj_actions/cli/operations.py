"""The base class of commands with several operations, each of which has an answer."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from dj_actions.cli.command import TextCommand
from dj_actions.cli.output import Answer
from dj_actions.exceptions import DJActionsError

Operation = Callable[[dict[str, Any]], Answer]
"""Runs an operation with the options of the command line."""

AddOperation = Callable[[str, str, Operation], ArgumentParser]
"""Adds an operation with its name and its help; returns its parser."""


class OperationsCommand(TextCommand):
    """A command whose first argument is the operation to run."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add one subparser per operation."""
        operations = parser.add_subparsers(metavar="OPERATION", required=True, dest="operation")

        def add(name: str, text: str, run: Operation) -> ArgumentParser:
            added: ArgumentParser = operations.add_parser(name, help=text, description=text)
            added.set_defaults(run=run)
            added.add_argument("--json", action="store_true", help="print JSON")
            return added

        self.add_operations(add)

    def add_operations(self, add: AddOperation) -> None:
        """Add the operations and their arguments; each command has its own."""
        raise NotImplementedError

    def run_operation(self, options: dict[str, Any]) -> Answer:
        """Run the chosen operation and return its answer."""
        answer: Answer = options["run"](options)
        return answer

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Run the operation and write its answer.

        Raises:
            CommandError: it failed, or nothing was found or changed.
        """
        try:
            answer = self.run_operation(options)
        except DJActionsError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(answer.data, cls=DjangoJSONEncoder, indent=2))
        elif not answer.failure:
            self.stdout.write(answer.text)
        for note in answer.notes:
            self.stderr.write(note)
        if answer.failure:
            raise CommandError(answer.failure)
