"""manage.py run_action: run an action from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Model

from dj_actions.cli.users import user_named
from dj_actions.declaration.definition import ActionDefinition
from dj_actions.declaration.discovery import load_viewsets
from dj_actions.exceptions import ActionError, ActionNotFound
from dj_actions.execution.execute import ActionResult
from dj_actions.execution.invocation import invoke
from dj_actions.execution.problems import api_exception_of
from dj_actions.registry import registry


class Command(BaseCommand):
    """Runs an action with the same steps as over HTTP, and the same record."""

    help = (
        'Runs an action: manage.py run_action todo mark_done --pk 7 --data \'{"note": "two"}\' '
        "--as ann. Prints the answer as JSON; the id of the record goes to stderr."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("resource", help="what it acts on, for example todo")
        parser.add_argument("action", help="name of the action, for example mark_done")
        parser.add_argument(
            "--pk",
            action="append",
            default=[],
            help="primary key of the object; for a bulk action give it several times",
        )
        parser.add_argument(
            "--data",
            default="{}",
            metavar="JSON",
            help="the input as JSON; @FILE reads it from a file, - from standard input",
        )
        parser.add_argument(
            "--as",
            dest="username",
            help="user name of who acts, whose permissions are asked (default: the system itself, "
            "which may do everything)",
        )
        parser.add_argument(
            "--idempotency-key",
            metavar="KEY",
            help="a repeated call with this key is not run again",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="roll everything back and tell what would happen"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the action."""
        try:
            definition = _definition(options["resource"], options["action"])
            result = invoke(
                definition,
                actor=user_named(options["username"]),
                data=_data(options["data"]),
                idempotency_key=options["idempotency_key"],
                dry_run=options["dry_run"],
                **_objects(definition, options["pk"]),
            )
        except ActionError as error:
            raise CommandError(str(error)) from error
        except Exception as error:
            refusal = api_exception_of(error)
            if refusal is None:
                raise
            raise CommandError(
                f"Refused with status {refusal.status_code}: {json.dumps(refusal.detail)}"
            ) from error
        self._report(result, is_dry_run=options["dry_run"])

    def _report(self, result: ActionResult, *, is_dry_run: bool) -> None:
        self.stdout.write(json.dumps(result.body, indent=2, ensure_ascii=False))
        aliases = ", ".join(entry.publisher for entry in result.planned) or "nobody"
        if is_dry_run:
            self.stderr.write(f"Dry run: nothing was changed. It would be published to {aliases}.")
        elif result.is_replay:
            self.stderr.write(f"Not run again: this is the answer of event {result.event.pk}.")
        elif result.is_recorded:
            self.stderr.write(f"Recorded as event {result.event.pk}, for {aliases}.")


def _definition(resource: str, action: str) -> ActionDefinition:
    load_viewsets()
    try:
        return registry.get(resource, action)
    except ActionNotFound as error:
        known = ", ".join(sorted(entry.label for entry in registry))
        raise CommandError(f"{error} Known are: {known}.") from error


def _data(text: str) -> Mapping[str, Any]:
    try:
        data = json.loads(_read(text))
    except (OSError, ValueError) as error:
        raise CommandError(f"--data cannot be read as JSON: {error}") from error
    if not isinstance(data, dict):
        raise CommandError(f"--data must be a JSON object, not {type(data).__name__}.")
    return data


def _read(text: str) -> str:
    if text == "-":
        return sys.stdin.read()
    return Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text


def _objects(definition: ActionDefinition, keys: Sequence[str]) -> dict[str, Any]:
    """Return what `invoke` acts on."""
    if not definition.requires_objects:
        if keys:
            raise CommandError(f"{definition.label} finds its objects itself: leave out --pk.")
        return {}
    if definition.bulk:
        if not keys:
            raise CommandError(f"{definition.label} needs --pk, once for each object.")
        return {"objects": [_object(definition, key) for key in keys]}
    if len(keys) != 1:
        raise CommandError(f"{definition.label} acts on one object: give --pk once.")
    return {"object": _object(definition, keys[0])}


def _object(definition: ActionDefinition, key: str) -> Model:
    try:
        found = definition.model._base_manager.filter(pk=key).first()
    except (ValueError, ValidationError) as error:
        raise CommandError(f"--pk {key!r} is no key of a {definition.resource}: {error}") from error
    if found is None:
        raise CommandError(f"There is no {definition.resource} {key}.")
    return found
