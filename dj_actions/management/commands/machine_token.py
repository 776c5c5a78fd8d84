"""manage.py machine_token: create, list, rotate and revoke the tokens of machines."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

from django.core.management.base import CommandError
from rest_framework.settings import api_settings

from dj_actions.authentication import MachineTokenAuthentication
from dj_actions.cli.arguments import age
from dj_actions.cli.machine_tokens import create, list_tokens, revoke, rotate
from dj_actions.cli.operations import AddOperation, OperationsCommand
from dj_actions.cli.output import Answer
from dj_actions.cli.users import add_actor
from dj_actions.declaration.discovery import load_viewsets

DEFAULT_LIFETIME = "90d"
DEFAULT_OVERLAP = "24h"

NOT_ACCEPTED = (
    "DEFAULT_AUTHENTICATION_CLASSES does not contain "
    "dj_actions.authentication.MachineTokenAuthentication: only views that list it in their own "
    "authentication_classes accept the token."
)


class Command(OperationsCommand):
    """Creates, lists, rotates and revokes the tokens with which machines call actions."""

    help = (
        "Creates, lists, rotates and revokes the tokens with which machines, such as Airflow DAGs, "
        "call actions. Exits with 1 if nothing matches or nothing was changed."
    )

    def add_operations(self, add: AddOperation) -> None:
        """Add the operations and their arguments."""
        _add_create(add)
        _add_rotate(add)
        revoked = add("revoke", "Make a token useless from now on.", revoke)
        _add_name(revoked, "name of the token, for all its secrets, or prefix of one of them")
        revoked.add_argument("--reason", required=True, metavar="TEXT", help="why; recorded")
        add_actor(revoked)
        listed = add("list", "List the active tokens, without their secrets.", list_tokens)
        listed.add_argument("--all", action="store_true", help="also expired and revoked ones")

    def run_operation(self, options: dict[str, Any]) -> Answer:
        """Run the chosen operation; note what is missing for a new token to be accepted."""
        if options["operation"] == "create":
            load_viewsets()  # some actions are known only with them
        if options.get("overlap", 0) is None:
            raise CommandError("--overlap has an end: give an age.")
        answer = super().run_operation(options)
        missing = _missing_authentication(options["operation"])
        return replace(answer, notes=(*answer.notes, *missing))


def _missing_authentication(operation: str) -> list[str]:
    """Return what is missing for a new token to be accepted."""
    classes: Any = api_settings.DEFAULT_AUTHENTICATION_CLASSES
    is_default = any(issubclass(entry, MachineTokenAuthentication) for entry in classes)
    return [NOT_ACCEPTED] if operation == "create" and not is_default else []


def _add_create(add: AddOperation) -> None:
    created = add("create", "Create a token, and print its secret once.", create)
    _add_name(created, "what the token is for, for example airflow")
    created.add_argument("--owner", metavar="USER", help="the user as whom the machine acts")
    created.add_argument(
        "--action",
        action="append",
        dest="actions",
        default=[],
        metavar="PATTERN",
        help="an action that it may call, todo.mark_done, or todo.* for all of a resource; "
        "repeat it for more",
    )
    _add_lifetime(created)
    add_actor(created)


def _add_rotate(add: AddOperation) -> None:
    rotated = add("rotate", "Create a new secret for a token, and print it once.", rotate)
    _add_name(rotated, "name of the token, or prefix of its secret")
    rotated.add_argument(
        "--overlap",
        type=age,
        default=DEFAULT_OVERLAP,
        metavar="AGE",
        help="how long the earlier secret remains valid: a number of hours, or for example "
        f"12h, 30d, 8w (default: {DEFAULT_OVERLAP})",
    )
    _add_lifetime(rotated)
    add_actor(rotated)


def _add_name(parser: ArgumentParser, text: str) -> None:
    parser.add_argument("name", metavar="NAME", help=text)


def _add_lifetime(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--expires-after",
        type=age,
        dest="lifetime",
        default=DEFAULT_LIFETIME,
        metavar="AGE",
        help="when the new secret expires: a number of hours, or for example 12h, 30d, 8w, or "
        f"never (default: {DEFAULT_LIFETIME})",
    )
