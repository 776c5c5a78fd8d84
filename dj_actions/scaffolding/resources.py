"""The package of an app that contains the actions on one model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.apps import AppConfig
from django.db.models import Model

from dj_actions.scaffolding.changes import Change, change, display_path, read
from dj_actions.scaffolding.errors import ScaffoldingError
from dj_actions.scaffolding.lookup import REGISTRY_MODULE
from dj_actions.scaffolding.registry_file import END, START, RegistryFile
from dj_actions.scaffolding.rendering import render

BARE_NAMES = re.compile(r"(?<!\.)\b(ACTION_TYPE|STATUS)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A model, and the package of the actions on it, for example `todos/actions/todo/`."""

    app: AppConfig
    model: type[Model]

    @property
    def name(self) -> str:
        """Name in records and in the registry, for example `todo`."""
        return str(self.model._meta.model_name)

    @property
    def package(self) -> str:
        """Dotted name of the package."""
        return f"{self.app.name}.actions.{self.name}"

    @property
    def folder(self) -> Path:
        """Folder of the package."""
        return Path(self.app.path) / "actions" / self.name

    @property
    def registry_path(self) -> Path:
        """File in which the actions are registered."""
        return self.folder / f"{REGISTRY_MODULE}.py"

    def registry(self) -> RegistryFile | None:
        """Return the registry, or None if the file does not exist.

        Raises:
            ScaffoldingError: it cannot be read or edited.
        """
        text = read(self.registry_path)
        return None if text is None else RegistryFile(display_path(self.registry_path), text)

    def require_no_actions_module(self) -> None:
        """Refuse an app with a module `actions.py`, which the package would hide.

        Raises:
            ScaffoldingError: the module exists.
        """
        module = Path(self.app.path) / "actions.py"
        if module.exists():
            package = display_path(module.with_suffix(""))
            raise ScaffoldingError(
                f"{display_path(module)} exists, and the package {package} would hide it. Turn it "
                "into the package first; its content stays importable under the same name:\n"
                f"    mkdir {package} && mv {display_path(module)} {package / '__init__.py'}"
            )

    def start(self, path: str, *, force: bool = False) -> list[Change]:
        """Return the changes that create the missing packages and the registry.

        Args:
            path: URL path of the viewset.
            force: whether an existing registry is rewritten; its actions are kept.

        Raises:
            ScaffoldingError: an existing file conflicts.
        """
        self.require_no_actions_module()
        registry = self.registry()
        basepath = registry.basepath if registry else ""
        if basepath not in {"", path} and not force:
            raise ScaffoldingError(
                f'{display_path(self.registry_path)} has "basepath": "{basepath}", not "{path}". '
                "Omit --path, edit the file, or run start_actions with --force, which rewrites "
                "the file and keeps its actions."
            )
        changes = [*package_file(self.folder.parent), *package_file(self.folder)]
        if registry is None or force:
            block = "".join(registry.block) if registry else ""
            changes.append(change(self.registry_path, self._rendered(path, block)))
        return changes

    def _rendered(self, path: str, block: str) -> str:
        return render(
            f"{REGISTRY_MODULE}.py",
            start=START,
            block=block.replace("\r\n", "\n"),
            end=END,
            model_name=self.model.__name__,
            path=path,
            resource=self.name,
            uses_bare_names=bool(BARE_NAMES.search(block)),
        )


def package_file(folder: Path) -> Iterator[Change]:
    """Yield the `__init__.py` that makes a folder a package, unless it exists."""
    path = folder / "__init__.py"
    if not path.exists():
        yield change(path, "")
