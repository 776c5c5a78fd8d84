"""manage.py create_action: write a new action, with tests that pass."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from dj_actions.declaration.enums import ActionType
from dj_actions.scaffolding.blueprint import Blueprint, Style
from dj_actions.scaffolding.command import ScaffoldingCommand
from dj_actions.scaffolding.generated_tests import unknown_fields
from dj_actions.scaffolding.lookup import require_action_id
from dj_actions.scaffolding.planning import plan_action
from dj_actions.scaffolding.prompts import one_of

TYPES = [ActionType.INSTANCE.value, ActionType.BULK.value]
STYLES = [Style.CLASS.value, Style.FORM.value]


class Command(ScaffoldingCommand):
    """Writes an action's files and registers it; also does what `start_actions` does."""

    help = (
        "Writes a new action: its class, or its form and definition.yaml, with tests that pass, "
        "and its line in the registry. Asks for what is not given; writes nothing over without "
        "--force."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("id", nargs="?", help="name in snake case, for example mark_done")
        parser.add_argument("--app", help="label or dotted name of an app")
        super().add_arguments(parser)
        parser.add_argument("--type", choices=TYPES, help="acts on one object, or on many")
        parser.add_argument("--style", choices=STYLES, help="written as an Action class or a form")
        parser.add_argument(
            "--force", action="store_true", help="write the files of an existing action anew"
        )

    def scaffold(self, options: dict[str, Any]) -> None:
        """Write the action."""
        blueprint = self.settle(options)
        changes = plan_action(blueprint, force=options["force"])
        if not self.apply(changes, dry_run=options["dry_run"]):
            return
        self.tell_unknown(blueprint)
        self.tell_viewset(blueprint.resource, blueprint.served)
        self.stdout.write(f"\nTest the action:\n\n    python manage.py test {blueprint.package}")

    def settle(self, options: dict[str, Any]) -> Blueprint:
        """Return the action that is wanted."""
        questions = self.questions
        questions.require(
            {
                "id": options["id"],
                "--app": options["app"],
                "--resource": options["resource"],
                "--type instance|bulk": options["type"],
                "--style class|form": options["style"],
            }
        )
        action_id = questions.settle(options["id"], "Name, in snake case", require_action_id)
        resource = self.settle_resource(options["app"], options)
        served = self.settle_path(resource, options["path"])
        kind = questions.settle(
            options["type"],
            "On one object or on many (instance, bulk)",
            one_of(ActionType, TYPES),
            default=TYPES[0],
        )
        style = questions.settle(
            options["style"],
            "As a class or as a form (class, form)",
            one_of(Style, STYLES),
            default=STYLES[0],
        )
        return Blueprint(
            resource=resource,
            served=served,
            action_id=action_id,
            type=kind,
            style=style,
        )

    def tell_unknown(self, blueprint: Blueprint) -> None:
        """Tell which fields the tests know no value for."""
        unknown = unknown_fields(blueprint)
        if unknown:
            self.stderr.write(
                f"The tests are skipped until you give {', '.join(unknown)} a value in setUp()."
            )
