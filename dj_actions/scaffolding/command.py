"""The common part of `start_actions` and `create_action`."""

from __future__ import annotations

import sys
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.management.utils import run_formatters

from dj_actions.exceptions import DJActionsError
from dj_actions.scaffolding.changes import EDIT, OVERWRITE, Change, write
from dj_actions.scaffolding.lookup import find_app, find_model, project_apps, require_path
from dj_actions.scaffolding.prompts import Cancelled, Prompter
from dj_actions.scaffolding.resources import Resource
from dj_actions.scaffolding.url_inspection import Endpoint, endpoint_at, likely_path

NOTHING_WRITTEN = "Nothing was written."


class ScaffoldingCommand(BaseCommand):
    """Prompts for missing options, shows the file changes, and writes them."""

    # The URL configuration may import a registry that this command is about to write.
    requires_system_checks = ()

    prompter: Prompter

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options of both commands."""
        parser.add_argument("--resource", metavar="MODEL", help="model class, for example Todo")
        parser.add_argument("--path", help="URL path of its viewset, for example /todos/")
        parser.add_argument(
            "--dry-run", action="store_true", help="show all changes without writing them"
        )
        parser.add_argument(
            "--no-input", "--noinput", action="store_true", help="do not prompt for input"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Run the command."""
        is_interactive = bool(sys.stdin and sys.stdin.isatty()) and not options["no_input"]
        self.prompter = Prompter(is_interactive, self.stdout.write)
        try:
            self.scaffold(options)
        except DJActionsError as error:
            raise CommandError(str(error)) from error
        except Cancelled:
            self.stdout.write(f"\n{NOTHING_WRITTEN}")

    @abstractmethod
    def scaffold(self, options: dict[str, Any]) -> None:
        """Write the files of the command."""

    def resolve_resource(self, app: str | None, options: dict[str, Any]) -> Resource:
        """Return the app and the model, prompting for them if necessary."""
        labels = [config.label for config in project_apps()]
        config = self.prompter.resolve(
            app, _with_choices("App", labels), find_app, default=_only(labels)
        )
        names = [model.__name__ for model in config.get_models()]
        model = self.prompter.resolve(
            options["resource"],
            _with_choices("Model", names),
            lambda name: find_model(config, name),
            default=_only(names),
        )
        return Resource(app=config, model=model)

    def resolve_endpoint(self, resource: Resource, path: str | None) -> Endpoint:
        """Return the endpoint at the viewset's URL path, by default the registry's `basepath`."""
        resource.require_no_actions_module()
        registry = resource.registry()
        default = likely_path(resource.model)
        path = path or (registry.basepath if registry else "")
        self.prompter.require({f"--path (perhaps {default})": path})
        return self.prompter.resolve(
            path,
            f"URL path of the viewset of {resource.model.__name__}",
            lambda text: endpoint_at(require_path(text), resource.model),
            default=default,
        )

    def apply(self, changes: Sequence[Change], *, dry_run: bool) -> bool:
        """Show the changes and write them, after confirmation; return whether they were written."""
        if not changes:
            self.stdout.write("Nothing to do: all files exist already.")
            return False
        for entry in changes:
            self.stdout.write(entry.line)
        if dry_run:
            self.stdout.write("".join(f"\n{entry.diff()}" for entry in changes if entry.diff()))
            self.stdout.write(f"Dry run: {NOTHING_WRITTEN.lower()}")
            return False
        if not self._is_confirmed(changes):
            self.stdout.write(NOTHING_WRITTEN)
            return False
        self._write(changes)
        return True

    def _is_confirmed(self, changes: Sequence[Change]) -> bool:
        """Ask on a terminal, unless all options were given and no file is overwritten."""
        overwrites = any(entry.kind == OVERWRITE for entry in changes)
        if not self.prompter.is_interactive or not (self.prompter.has_prompted or overwrites):
            return True
        question = "Write and overwrite these files?" if overwrites else "Write these files?"
        return self.prompter.confirm(question)

    def _write(self, changes: Sequence[Change]) -> None:
        write(changes)
        # An edited file is not formatted: outside of the markers, it stays byte for byte the same.
        new = [entry for entry in changes if entry.kind != EDIT and entry.path.suffix == ".py"]
        run_formatters([str(entry.path) for entry in new], stderr=self.stderr)

    def explain_viewset(self, resource: Resource, endpoint: Endpoint) -> None:
        """Show how to add the actions to the viewset, unless it has them."""
        if endpoint.has_registry_of(resource.name):
            return
        name = resource.model.__name__
        self.stdout.write(
            f"\nAdd the mixin and the registry to the viewset at {endpoint.path}:\n\n"
            "    from dj_actions.mixins import ActionMixin\n"
            f"    from {resource.package}.action_registry import ACTIONS\n\n"
            f"    class {name}ViewSet(ActionMixin, viewsets.ModelViewSet):\n"
            "        ...\n"
            "        action_registry = ACTIONS"
        )


def _with_choices(question: str, names: Sequence[str]) -> str:
    return f"{question} ({', '.join(names)})" if len(names) > 1 else question


def _only(names: Sequence[str]) -> str:
    """Return the only name as the default, or an empty string if there are several."""
    return names[0] if len(names) == 1 else ""
