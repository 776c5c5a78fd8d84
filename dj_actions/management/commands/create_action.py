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
    """Writes an action's files and registers it; includes what `start_actions` does."""

    help = (
        "Writes a new action, either a class or a form with a definition.yaml, together with "
        "passing tests, and registers it. Prompts for missing options. Does not overwrite files "
        "without --force."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("id", nargs="?", help="name in snake_case, for example mark_done")
        parser.add_argument("--app", help="label or dotted name of an app")
        super().add_arguments(parser)
        parser.add_argument("--type", choices=TYPES, help="act on one object, or on many")
        parser.add_argument("--style", choices=STYLES, help="write an Action class, or a form")
        parser.add_argument(
            "--force", action="store_true", help="overwrite the files of an existing action"
        )

    def scaffold(self, options: dict[str, Any]) -> None:
        """Write the action."""
        blueprint = self.resolve_blueprint(options)
        changes = plan_action(blueprint, force=options["force"])
        if not self.apply(changes, dry_run=options["dry_run"]):
            return
        self.warn_of_unknown_fields(blueprint)
        self.explain_viewset(blueprint.resource, blueprint.endpoint)
        self.stdout.write(f"\nTest the action:\n\n    python manage.py test {blueprint.package}")

    def resolve_blueprint(self, options: dict[str, Any]) -> Blueprint:
        """Return the specification of the action, prompting for missing options."""
        prompter = self.prompter
        prompter.require(
            {
                "id": options["id"],
                "--app": options["app"],
                "--resource": options["resource"],
                "--type instance|bulk": options["type"],
                "--style class|form": options["style"],
            }
        )
        action_id = prompter.resolve(options["id"], "Name, in snake_case", require_action_id)
        resource = self.resolve_resource(options["app"], options)
        endpoint = self.resolve_endpoint(resource, options["path"])
        kind = prompter.resolve(
            options["type"],
            "Act on one object or on many (instance, bulk)",
            one_of(ActionType, TYPES),
            default=TYPES[0],
        )
        style = prompter.resolve(
            options["style"],
            "Write a class or a form (class, form)",
            one_of(Style, STYLES),
            default=STYLES[0],
        )
        return Blueprint(
            resource=resource,
            endpoint=endpoint,
            action_id=action_id,
            type=kind,
            style=style,
        )

    def warn_of_unknown_fields(self, blueprint: Blueprint) -> None:
        """Warn if the tests are skipped because fields have no example value."""
        unknown = unknown_fields(blueprint)
        if unknown:
            self.stderr.write(
                f"The tests are skipped until you give {', '.join(unknown)} a value in setUp()."
            )
