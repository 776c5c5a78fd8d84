"""manage.py airflow_runs: rerun, mark, annotate, unpause and trigger again what was triggered."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import CommandError, CommandParser

from dj_actions.commands import (
    DeliveryCommand,
    add_delivery_filters,
    chosen_deliveries,
    has_filters,
    one_line,
    user_named,
)
from dj_actions.exceptions import DJActionsError
from dj_actions.models import Delivery
from dj_actions.publishers import OperationOutcome, OperationStatus
from dj_actions.states import DeliveryState, RemoteState
from dj_actions_airflow import runs
from dj_actions_airflow.run_operations.targets import airflow_publishers

Options = Mapping[str, Any]

AddParser = Callable[[str, str], ArgumentParser]

GOOD = frozenset({OperationStatus.DONE, OperationStatus.PLANNED})
"""Outcomes with which the command succeeds."""


class Command(DeliveryCommand):
    """Acts on the DAG runs of deliveries, and reports what came of each."""

    help = (
        "Acts on the DAG runs that deliveries have started in Airflow: reruns them, marks them, "
        "writes notes, unpauses their DAGs, triggers them again. Each act is recorded with the "
        "user and the reason. Exits with 1 if nothing matches, or if not all was done."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add one subparser per operation."""
        operations = parser.add_subparsers(metavar="OPERATION", required=True, dest="operation")

        def add(name: str, text: str) -> ArgumentParser:
            added: ArgumentParser = operations.add_parser(name, help=text, description=text)
            added.set_defaults(act=getattr(runs, name))
            _add_common_options(added)
            return added

        _add_operations(add)

    def handle(self, *args: Any, **options: Any) -> None:
        """Act on the runs that match, and report each outcome as soon as it is known."""
        report = None if options["json"] else self._print
        try:
            outcomes = options["act"](
                self._chosen(options),
                actor=user_named(options["username"]),
                dry_run=options["dry_run"],
                on_outcome=report,
                **_arguments(options),
            )
        except (DJActionsError, PermissionDenied) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            data = [asdict(outcome) for outcome in outcomes]
            self.stdout.write(json.dumps(data, indent=2, ensure_ascii=True))
        self._conclude(outcomes)

    def _chosen(self, options: Options) -> Sequence[int]:
        """Return the ids of the deliveries that match.

        If only ids are given, all of them are returned: each gets an outcome, with the reason if
        it has no run.
        """
        among = Delivery.objects.with_remote_run(airflow_publishers())
        found = chosen_deliveries(options, DeliveryState.DELIVERED, among)
        ids = list(found.values_list("pk", flat=True))
        unmatched = sorted(set(options["ids"]) - set(ids))
        if unmatched and not has_filters(options) and options["limit"] is None:
            return options["ids"]  # type: ignore[no-any-return]  # parsed by its type
        if unmatched:
            self.stderr.write(f"Not matched: {', '.join(map(str, unmatched))}.")
        if not ids:
            raise CommandError("No delivery with a run in Airflow matches.")
        return ids

    def _print(self, outcome: OperationOutcome) -> None:
        words = (str(outcome.delivery), outcome.target, outcome.status.value, outcome.message)
        self.stdout.write(one_line("  ".join(word for word in words if word)))

    def _conclude(self, outcomes: Sequence[OperationOutcome]) -> None:
        """Count the outcomes.

        Raises:
            CommandError: not all are good.
        """
        counts = Counter(outcome.status for outcome in outcomes)
        text = ", ".join(
            f"{counts[status]} {status}" for status in OperationStatus if status in counts
        )
        if all(status in GOOD for status in counts):
            self.stderr.write(f"{text}.")
        else:
            raise CommandError(f"{text}.")


def _add_operations(add: AddParser) -> None:
    rerun = add("rerun", "Let Airflow run the tasks of runs that have ended again.")
    rerun.add_argument(
        "--only-failed", action="store_true", help="only tasks that failed, and those after them"
    )
    mark = add("mark", "Mark runs as succeeded or failed; tasks that still run are ended.")
    marks = mark.add_mutually_exclusive_group(required=True)
    for state in (RemoteState.SUCCEEDED, RemoteState.FAILED):
        marks.add_argument(
            f"--{state}", dest="mark", action="store_const", const=state, help=f"mark as {state}"
        )
    note = add("note", "Replace the notes of runs.")
    note.add_argument("--text", required=True, metavar="TEXT", help="the note")
    add("unpause", "Unpause the DAGs of runs.")
    trigger = add("trigger", "Start another run for the same event, with another conf.")
    confs = trigger.add_mutually_exclusive_group(required=True)
    confs.add_argument(
        "--conf", type=_object, metavar="JSON", help="a JSON object with the keys that change"
    )
    confs.add_argument(
        "--conf-file", dest="conf", type=_object_in_file, metavar="PATH", help="a file with it"
    )
    trigger.add_argument(
        "--replace",
        action="store_true",
        help="it is the whole conf; keep no key of the earlier run",
    )


def _add_common_options(parser: ArgumentParser) -> None:
    add_delivery_filters(parser)
    parser.add_argument("--all", action="store_true", help="every run in Airflow")
    parser.add_argument(
        "--dry-run", action="store_true", help="read the runs in Airflow, and change nothing"
    )
    parser.add_argument("--reason", default="", metavar="TEXT", help="why; recorded")
    parser.add_argument(
        "--as",
        dest="username",
        metavar="USER",
        help="name of the user who does this, and whose permission is checked; recorded "
        "(default: the system itself)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def _arguments(options: Options) -> dict[str, Any]:
    """Return the arguments of the operation itself."""
    names = {
        "rerun": {"only_failed": "only_failed"},
        "mark": {"state": "mark"},
        "note": {"text": "text"},
        "trigger": {"conf": "conf", "replace": "replace"},
    }
    own = names.get(options["operation"], {})
    return {
        "reason": options["reason"],
        **{argument: options[option] for argument, option in own.items()},
    }


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ArgumentTypeError(f"it is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ArgumentTypeError("it is not a JSON object")
    return value


def _object_in_file(path: str) -> dict[str, Any]:
    try:
        return _object(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentTypeError(f"{path} cannot be read: {error}") from None
