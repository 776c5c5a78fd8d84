"""manage.py start_actions: make a place for the actions on a model."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from dj_actions.scaffolding.changes import needed
from dj_actions.scaffolding.command import ScaffoldingCommand


class Command(ScaffoldingCommand):
    """Writes the package of an app's actions, and the registry of those on one model."""

    help = (
        "Makes a place for the actions on a model: the packages [app]/actions/[resource]/ and "
        "the registry in them. Asks for what is not given; writes nothing over without --force."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("app", nargs="?", help="label or dotted name of an app")
        super().add_arguments(parser)
        parser.add_argument(
            "--force",
            action="store_true",
            help="write a registry that differs anew, but for the actions in it",
        )

    def scaffold(self, options: dict[str, Any]) -> None:
        """Write what is missing."""
        self.questions.require({"app": options["app"], "--resource": options["resource"]})
        resource = self.settle_resource(options["app"], options)
        served = self.settle_path(resource, options["path"])
        changes = needed(resource.start(served.path, force=options["force"]))
        if not self.apply(changes, dry_run=options["dry_run"]):
            return
        self.tell_viewset(resource, served)
        self.stdout.write(
            "\nThen write an action:\n\n    python manage.py create_action mark_done "
            f"--app {resource.app.label} --resource {resource.model.__name__}"
        )
