"""manage.py run_action: run an action from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db import DataError
from django.db.models import CompositePrimaryKey, Model

from dj_actions.cli.command import TextCommand
from dj_actions.cli.users import user_named
from dj_actions.declaration.definition import ActionDefinition
from dj_actions.declaration.discovery import load_viewsets
from dj_actions.exceptions import ActionError, ActionNotFound
from dj_actions.execution.call import ActionResult
from dj_actions.execution.invocation import invoke
from dj_actions.execution.problems import known_error
from dj_actions.identifiers import parse_key
from dj_actions.registry import registry


class Command(TextCommand):
    """Runs an action through the same steps as over HTTP, with the same record."""

    help = (
        'Runs an action: manage.py run_action todo mark_done --pk 7 --data \'{"note": "two"}\' '
        "--as ann. Prints the response as JSON; the id of the event goes to stderr."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("resource", help="resource of the action, for example todo")
        parser.add_argument("action", help="name of the action, for example mark_done")
        parser.add_argument(
            "--pk",
            action="append",
            default=[],
            help="primary key of the object, a composite one as JSON; repeat it for a bulk action",
        )
        parser.add_argument(
            "--data",
            default="{}",
            metavar="JSON",
            help="the input as JSON; @FILE reads a file, - reads standard input",
        )
        parser.add_argument(
            "--as",
            dest="username",
            help="name of the user who acts; the user's permissions are checked (default: the "
            "system itself, without permission checks)",
        )
        parser.add_argument(
            "--idempotency-key",
            metavar="KEY",
            help="the action is not run again if it was already run with this key",
        )
        parser.add_argument(
            "--parent",
            metavar="ID",
            help="id of the event that led to this call; the event of this one is linked to it",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would happen, and roll it back"
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
                parent=options["parent"],
                **_objects(definition, options["pk"]),
            )
        except ActionError as error:
            raise CommandError(str(error)) from error
        except Exception as error:
            found = known_error(error)
            if found is None:
                raise
            raise CommandError(
                f"Refused with status {found.status_code}: {json.dumps(found.detail)}"
            ) from error
        self._report(result, is_dry_run=options["dry_run"])

    def _report(self, result: ActionResult, *, is_dry_run: bool) -> None:
        self.stdout.write(json.dumps(result.body, indent=2, ensure_ascii=False))
        aliases = ", ".join(entry.publisher for entry in result.planned) or "no publisher"
        if is_dry_run:
            self.stderr.write(f"Dry run: nothing was changed. It would be published to {aliases}.")
        elif result.is_replay:
            self.stderr.write(f"Not run again: this is the response of event {result.event.pk}.")
        elif result.is_recorded:
            self.stderr.write(f"Recorded as event {result.event.pk}, for {aliases}.")


def _definition(resource: str, action: str) -> ActionDefinition:
    load_viewsets()
    try:
        return registry.get(resource, action)
    except ActionNotFound as error:
        known = ", ".join(sorted(entry.label for entry in registry))
        raise CommandError(f"{error} Registered actions: {known}.") from error


def _data(text: str) -> Mapping[str, Any]:
    try:
        data = json.loads(_read(text))
    except OSError as error:
        raise CommandError(f"Cannot read --data: {error}") from error
    except ValueError as error:
        raise CommandError(f"--data is not valid JSON: {error}") from error
    except RecursionError:
        raise CommandError("--data is nested too deeply.") from None
    if not isinstance(data, dict):
        raise CommandError(f"--data must be a JSON object, not {type(data).__name__}.")
    return data


def _read(text: str) -> str:
    if text == "-":
        return sys.stdin.read()
    return Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text


def _objects(definition: ActionDefinition, keys: Sequence[str]) -> dict[str, Any]:
    """Return the objects as keyword arguments of `invoke`."""
    if not definition.requires_objects:
        if keys:
            raise CommandError(f"{definition.label} selects its objects itself: omit --pk.")
        return {}
    if definition.bulk:
        if not keys:
            raise CommandError(f"{definition.label} requires --pk, once per object.")
        return {"objects": [_object(definition, key) for key in keys]}
    if len(keys) != 1:
        raise CommandError(f"{definition.label} acts on one object: give --pk exactly once.")
    return {"object": _object(definition, keys[0])}


def _object(definition: ActionDefinition, key: str) -> Model:
    model = definition.model
    is_composite = isinstance(model._meta.pk, CompositePrimaryKey)
    try:
        # The default manager: what it hides, such as objects that were deleted, is not found.
        rows = model._default_manager.filter(pk=parse_key(model, key) if is_composite else key)
        found = rows.first()
    except (ValueError, ValidationError, DataError, OverflowError) as error:
        raise CommandError(
            f"--pk {key!r} is not a valid primary key of {definition.resource}: {error}"
        ) from error
    if found is None:
        raise CommandError(f"There is no {definition.resource} with the primary key {key!r}.")
    return found
