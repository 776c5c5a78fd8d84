"""The place in an app where the actions on one model lie."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.apps import AppConfig
from django.db.models import Model

from dj_actions.scaffolding.changes import Change, change, read, shown
from dj_actions.scaffolding.errors import ScaffoldingRefused
from dj_actions.scaffolding.lookup import REGISTRY_MODULE
from dj_actions.scaffolding.registry_file import END, START, RegistryFile
from dj_actions.scaffolding.rendering import render
from dj_actions.scaffolding.source import call

BARE_WORDS = re.compile(r"(?<!\.)\b(ACTION_TYPE|STATUS)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What actions act on, and the folder of these actions: `todos/actions/todo/`."""

    app: AppConfig
    model: type[Model]

    @property
    def name(self) -> str:
        """Its name in records and in the registry, `todo` for Todo."""
        return str(self.model._meta.model_name)

    @property
    def package(self) -> str:
        """Dotted name of the folder."""
        return f"{self.app.name}.actions.{self.name}"

    @property
    def folder(self) -> Path:
        """Where its actions lie."""
        return Path(self.app.path) / "actions" / self.name

    @property
    def registry_path(self) -> Path:
        """Where its actions are registered."""
        return self.folder / f"{REGISTRY_MODULE}.py"

    def registry(self) -> RegistryFile | None:
        """Return the registry, or None if there is none yet.

        Raises:
            ScaffoldingRefused: it cannot be read, or changed.
        """
        text = read(self.registry_path)
        return None if text is None else RegistryFile(shown(self.registry_path), text)

    def require_room(self) -> None:
        """Refuse an app whose actions are in a module: a package would hide it.

        Raises:
            ScaffoldingRefused: there is such a module.
        """
        module = Path(self.app.path) / "actions.py"
        if module.exists():
            package = shown(module.with_suffix(""))
            raise ScaffoldingRefused(
                f"{shown(module)} exists, and the package {package} would hide it. Make it the "
                "package first; what it holds stays importable as it is:\n"
                f"    mkdir {package} && mv {shown(module)} {package / '__init__.py'}"
            )

    def start(self, path: str, *, force: bool = False) -> list[Change]:
        """Return what is missing for its actions to have a place.

        Args:
            path: URL path of its viewset.
            force: whether a registry that differs is written anew, but for its actions.

        Raises:
            ScaffoldingRefused: what is there does not fit.
        """
        self.require_room()
        present = self.registry()
        found = present.basepath if present else ""
        if found not in {"", path} and not force:
            raise ScaffoldingRefused(
                f'{shown(self.registry_path)} says "basepath": "{found}", not "{path}". Leave '
                "--path out, edit the file, or write it anew, but for its actions, with --force "
                "of start_actions."
            )
        changes = [*self._packages()]
        if present is None or force:
            block = "".join(present.block) if present else ""
            changes.append(change(self.registry_path, self._rendered(path, block)))
        return changes

    def _packages(self) -> Iterator[Change]:
        for folder in (self.folder.parent, self.folder):
            yield from package_file(folder)

    def _rendered(self, path: str, block: str) -> str:
        return render(
            f"{REGISTRY_MODULE}.py",
            start=START,
            block=block.replace("\r\n", "\n"),
            end=END,
            initial=call(
                "",
                [f'"resource": "{self.name}"', f'"basepath": "{path}"', '"actions": {}'],
                indent=1,
                tail=",",
                brackets=("{", "}"),
            ),
            model_name=self.model.__name__,
            has_bare_words=bool(BARE_WORDS.search(block)),
        )


def package_file(folder: Path) -> Iterator[Change]:
    """Yield the file that makes a folder a package, if there is none: what it holds is kept."""
    path = folder / "__init__.py"
    if not path.exists():
        yield change(path, "")
