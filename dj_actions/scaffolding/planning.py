"""Everything that one call of `create_action` is to write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dj_actions.scaffolding.blueprint import Blueprint, Style
from dj_actions.scaffolding.changes import Change, change, needed, overwritten, shown
from dj_actions.scaffolding.declarations import declarations
from dj_actions.scaffolding.errors import ScaffoldingRefused
from dj_actions.scaffolding.generated_tests import proofs
from dj_actions.scaffolding.registry_file import RegistryFile
from dj_actions.scaffolding.resources import package_file
from dj_actions.scaffolding.url_inspection import is_declared

MARKS = {Style.CLASS: "form.py", Style.FORM: "action.py"}
"""The file that an action of the other style has."""


def plan_action(blueprint: Blueprint, *, force: bool) -> tuple[Change, ...]:
    """Return the changes that make the action, what is missing for its resource first.

    Args:
        blueprint: the action.
        force: whether files that are there already may be overwritten.

    Raises:
        ScaffoldingRefused: there is such an action, or something in its place.
    """
    started = blueprint.resource.start(blueprint.served.path)
    registry = _registry(blueprint, started)
    files = needed(_files(blueprint))
    _refuse_other_declarations(blueprint, registry)
    if not force:
        _refuse_existing(blueprint, registry, overwritten(files))
    blueprint.served.require_free(blueprint.action_id)
    text = registry.with_entry(blueprint.entry)
    path = blueprint.resource.registry_path
    # The registry last: it names only what is there.
    packages = [entry for entry in started if entry.path != path]
    return needed([*packages, *files, change(path, text, is_edit=True)])


def _registry(blueprint: Blueprint, started: list[Change]) -> RegistryFile:
    """Return the registry, be it one that is yet to be written."""
    path = blueprint.resource.registry_path
    new = [entry.after for entry in started if entry.path == path]
    present = blueprint.resource.registry()
    return present or RegistryFile(shown(path), new[0])


def _files(blueprint: Blueprint) -> Iterator[Change]:
    tests = blueprint.folder / "tests"
    yield from package_file(blueprint.folder)
    for name, text in declarations(blueprint).items():
        yield change(blueprint.folder / name, text)
    yield from package_file(tests)
    for name, text in proofs(blueprint).items():
        yield change(tests / name, text)


def _refuse_other_declarations(blueprint: Blueprint, registry: RegistryFile) -> None:
    other = blueprint.folder / MARKS[blueprint.style]
    if other.exists():
        raise ScaffoldingRefused(
            f"{shown(other)} exists: the action {blueprint.action_id!r} is written in the other "
            f"style. Remove {shown(blueprint.folder)} and its lines in {registry.path} first."
        )
    resource = blueprint.resource.name
    if is_declared(resource, blueprint.action_id) and not registry.has(blueprint.entry):
        raise ScaffoldingRefused(
            f"There is an action {resource}.{blueprint.action_id} already, declared elsewhere in "
            "the project. Use another name."
        )


def _refuse_existing(blueprint: Blueprint, registry: RegistryFile, files: list[Path]) -> None:
    reasons = [f"{registry.path} registers it"] if registry.has(blueprint.entry) else []
    reasons += [f"{shown(path)} would be overwritten" for path in files]
    if reasons:
        listed = "".join(f"\n  {reason}" for reason in reasons)
        raise ScaffoldingRefused(
            f"There is an action {blueprint.action_id!r} on {blueprint.resource.model.__name__} "
            f"already:{listed}\nUse another name, or --force to write its files anew."
        )
