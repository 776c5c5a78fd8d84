"""Plan the file changes of one call of `create_action`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from dj_actions.scaffolding.blueprint import Blueprint, Style
from dj_actions.scaffolding.changes import (
    Change,
    change,
    display_path,
    effective_changes,
    overwritten_paths,
)
from dj_actions.scaffolding.errors import ScaffoldingError
from dj_actions.scaffolding.generated_declarations import declaration_files
from dj_actions.scaffolding.generated_tests import test_files
from dj_actions.scaffolding.registry_file import RegistryFile
from dj_actions.scaffolding.resources import package_file
from dj_actions.scaffolding.url_inspection import is_declared

OTHER_STYLE_FILES = {Style.CLASS: "form.py", Style.FORM: "action.py"}
"""The file that shows that an action is written in the other style."""


def plan_action(blueprint: Blueprint, *, force: bool) -> tuple[Change, ...]:
    """Return the changes that create the action, and its resource's packages if necessary.

    Args:
        blueprint: the action.
        force: whether existing files may be overwritten.

    Raises:
        ScaffoldingError: the action exists, or its name is in use.
    """
    resource_changes = blueprint.resource.start(blueprint.endpoint.path)
    registry = _registry(blueprint, resource_changes)
    files = effective_changes(_files(blueprint))
    _refuse_other_declarations(blueprint, registry)
    if not force:
        _refuse_existing(blueprint, registry, overwritten_paths(files))
    blueprint.endpoint.require_free(blueprint.action_id)
    text = registry.with_entry(blueprint.entry)
    path = blueprint.resource.registry_path
    # The registry comes last, so that it never refers to a file that does not exist.
    packages = [entry for entry in resource_changes if entry.path != path]
    return effective_changes([*packages, *files, change(path, text, is_edit=True)])


def _registry(blueprint: Blueprint, resource_changes: Iterable[Change]) -> RegistryFile:
    """Return the existing registry, or the one that will be written."""
    path = blueprint.resource.registry_path
    new = [entry.after for entry in resource_changes if entry.path == path]
    return blueprint.resource.registry() or RegistryFile(display_path(path), new[0])


def _files(blueprint: Blueprint) -> Iterator[Change]:
    tests = blueprint.folder / "tests"
    yield from package_file(blueprint.folder)
    for name, text in declaration_files(blueprint).items():
        yield change(blueprint.folder / name, text)
    yield from package_file(tests)
    for name, text in test_files(blueprint).items():
        yield change(tests / name, text)


def _refuse_other_declarations(blueprint: Blueprint, registry: RegistryFile) -> None:
    other = blueprint.folder / OTHER_STYLE_FILES[blueprint.style]
    if other.exists():
        raise ScaffoldingError(
            f"{display_path(other)} exists: the action {blueprint.action_id!r} is written in the "
            f"other style. Remove {display_path(blueprint.folder)} and its lines in "
            f"{registry.path} first."
        )
    resource = blueprint.resource.name
    if is_declared(resource, blueprint.action_id) and not registry.has(blueprint.entry):
        raise ScaffoldingError(
            f"There is an action {resource}.{blueprint.action_id} already, declared elsewhere in "
            "the project. Choose another name."
        )


def _refuse_existing(blueprint: Blueprint, registry: RegistryFile, files: Iterable[Path]) -> None:
    reasons = [f"{registry.path} registers it"] if registry.has(blueprint.entry) else []
    reasons += [f"{display_path(path)} would be overwritten" for path in files]
    if reasons:
        listed = "".join(f"\n  {reason}" for reason in reasons)
        raise ScaffoldingError(
            f"There is an action {blueprint.action_id!r} on {blueprint.model_name} already:"
            f"{listed}\nChoose another name, or use --force to overwrite its files."
        )
