"""What `start_actions` and `create_action` have in common."""

from __future__ import annotations

import sys
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.management.utils import run_formatters

from dj_actions.exceptions import DJActionsError
from dj_actions.scaffolding.changes import EDIT, OVERWRITE, Change, write
from dj_actions.scaffolding.lookup import find_app, find_model, own_apps, require_path
from dj_actions.scaffolding.prompts import Cancelled, Questions
from dj_actions.scaffolding.resources import Resource
from dj_actions.scaffolding.url_inspection import Served, likely_path, served_at

NOTHING_WRITTEN = "Nothing was written."


class ScaffoldingCommand(BaseCommand):
    """Asks for what is missing, shows what it will write, and writes it."""

    # The URLs may still name a registry that this command is going to write.
    requires_system_checks = ()

    questions: Questions

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options that both have."""
        parser.add_argument("--resource", metavar="MODEL", help="model class, for example Todo")
        parser.add_argument("--path", help="URL path of its viewset, for example /todos/")
        parser.add_argument(
            "--dry-run", action="store_true", help="show all changes and write nothing"
        )
        parser.add_argument("--no-input", "--noinput", action="store_true", help="ask nothing")

    def handle(self, *_: Any, **options: Any) -> None:
        """Settle what is wanted, then write it."""
        may_ask = bool(sys.stdin and sys.stdin.isatty()) and not options["no_input"]
        self.questions = Questions(may_ask, self.stdout.write)
        try:
            self.scaffold(options)
        except DJActionsError as error:
            raise CommandError(str(error)) from error
        except Cancelled:
            self.stdout.write(f"\n{NOTHING_WRITTEN}")

    @abstractmethod
    def scaffold(self, options: dict[str, Any]) -> None:
        """Do what the command is for."""

    def settle_resource(self, app: str | None, options: dict[str, Any]) -> Resource:
        """Return the app and the model that are meant."""
        labels = [config.label for config in own_apps()]
        config = self.questions.settle(app, _one_of("App", labels), find_app, default=_only(labels))
        names = [model.__name__ for model in config.get_models()]
        model = self.questions.settle(
            options["resource"],
            _one_of("Model", names),
            lambda name: find_model(config, name),
            default=_only(names),
        )
        return Resource(app=config, model=model)

    def settle_path(self, resource: Resource, given: str | None) -> Served:
        """Return what is at the URL path of the resource's viewset; its registry may know it."""
        resource.require_room()
        registry = resource.registry()
        likely = likely_path(resource.model)
        path = given or (registry.basepath if registry else "")
        self.questions.require({f"--path (perhaps {likely})": path})
        return self.questions.settle(
            path,
            f"URL path of the viewset of {resource.model.__name__}",
            lambda text: served_at(require_path(text), resource.model),
            default=likely,
        )

    def apply(self, changes: Sequence[Change], *, dry_run: bool) -> bool:
        """Show the changes, and make them if nobody objects; tell whether they were made."""
        if not changes:
            self.stdout.write("Everything is there already.")
            return False
        for entry in changes:
            self.stdout.write(entry.line)
        if dry_run:
            self.stdout.write("".join(f"\n{entry.diff()}" for entry in changes if entry.diff()))
            self.stdout.write(f"Dry run: {NOTHING_WRITTEN.lower()}")
            return False
        if not self._is_agreed_to(changes):
            self.stdout.write(NOTHING_WRITTEN)
            return False
        self._write(changes)
        return True

    def _is_agreed_to(self, changes: Sequence[Change]) -> bool:
        """Ask, where somebody is there, unless all was given and nothing gets lost."""
        loses = any(entry.kind == OVERWRITE for entry in changes)
        if not self.questions.may_ask or not (self.questions.asked or loses):
            return True
        question = "Write these files, over what is there?" if loses else "Write these files?"
        return self.questions.confirm(question)

    def _write(self, changes: Sequence[Change]) -> None:
        write(changes)
        # A file that was edited stays, outside of the markers, byte for byte as it is.
        new = [entry for entry in changes if entry.kind != EDIT and entry.path.suffix == ".py"]
        run_formatters([str(entry.path) for entry in new], stderr=self.stderr)

    def tell_viewset(self, resource: Resource, served: Served) -> None:
        """Tell how the viewset gets the actions, unless it has them."""
        if served.has_registry_of(resource.name):
            return
        name = resource.model.__name__
        self.stdout.write(
            f"\nGive the viewset at {served.path} the mixin and the registry:\n\n"
            "    from dj_actions.mixins import ActionMixin\n"
            f"    from {resource.package}.action_registry import ACTIONS\n\n"
            f"    class {name}ViewSet(ActionMixin, viewsets.ModelViewSet):\n"
            "        ...\n"
            "        action_registry = ACTIONS"
        )


def _one_of(question: str, names: Sequence[str]) -> str:
    return f"{question} ({', '.join(names)})" if len(names) > 1 else question


def _only(names: Sequence[str]) -> str:
    """Return the name if there is one, to be proposed."""
    return names[0] if len(names) == 1 else ""
