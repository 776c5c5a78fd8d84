"""manage.py start_actions: create the packages for the actions on a model."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from dj_actions.scaffolding.changes import effective_changes
from dj_actions.scaffolding.command import ScaffoldingCommand


class Command(ScaffoldingCommand):
    """Writes the package of an app's actions, and the registry of the actions on one model."""

    help = (
        "Creates the packages [app]/actions/[resource]/ for the actions on a model, with their "
        "registry. Prompts for missing options. Does not overwrite files without --force."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("app", nargs="?", help="label or dotted name of an app")
        super().add_arguments(parser)
        parser.add_argument(
            "--force",
            action="store_true",
            help="rewrite an existing registry; its actions are kept",
        )

    def scaffold(self, options: dict[str, Any]) -> None:
        """Write the missing files."""
        self.prompter.require({"app": options["app"], "--resource": options["resource"]})
        resource = self.resolve_resource(options["app"], options)
        endpoint = self.resolve_endpoint(resource, options["path"])
        changes = effective_changes(resource.start(endpoint.path, force=options["force"]))
        if not self.apply(changes, dry_run=options["dry_run"]):
            return
        self.explain_viewset(resource, endpoint)
        self.stdout.write(
            "\nThen write an action:\n\n    python manage.py create_action mark_done "
            f"--app {resource.app.label} --resource {resource.model.__name__}"
        )
