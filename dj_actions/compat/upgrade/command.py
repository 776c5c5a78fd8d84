"""The command: show the changes, and make them."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dj_actions.compat.upgrade.files import EDITORS, File, files_below, own_package
from dj_actions.compat.upgrade.names import NEW_ROOT, OLD_ROOT

HELP = (
    f"Replaces the import root of dj-actions 0.0.7, {OLD_ROOT!r}, by {NEW_ROOT!r} in imports, in "
    "strings with dotted paths, in INSTALLED_APPS and in definition.yaml files."
)


class CannotUpgrade(Exception):
    """Nothing was changed; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to change."""

    paths: Sequence[Path]
    """Files, and folders with everything below them."""

    dry_run: bool = False
    """Whether the changes are only shown."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        default=[Path()],
        metavar="PATH",
        help="a file, or a folder with its Python and YAML files (default: this folder)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show the changes as a diff, and change nothing"
    )


def upgrade(options: Options, write: Callable[[str], object]) -> None:
    """Change the files, and show each change and what is left to do by hand.

    Args:
        options: what to change.
        write: receives the output, line by line.

    Raises:
        CannotUpgrade: a path does not exist, or the project has a package of the old name. No file
            was changed.
    """
    try:
        files = [File.read(path) for path in _paths(options.paths)]
        changed = [file for file in files if file.is_changed]
        for file in changed:
            _show(file, write)
        if not options.dry_run:
            for file in changed:
                file.write()
    except OSError as error:
        raise CannotUpgrade(str(error)) from error
    _summarize(len(changed), files, options, write)


def _paths(paths: Iterable[Path]) -> list[Path]:
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise CannotUpgrade(f"{path} does not exist.")
        if path.is_file() and path.suffix not in EDITORS:
            raise CannotUpgrade(f"{path} is neither a Python nor a YAML file.")
        if own := own_package(path):
            raise CannotUpgrade(
                f"{own} has the same name as the package of dj-actions 0.0.7: the imports of the "
                "two cannot be distinguished. Name the folders of your own apps instead."
            )
        found |= dict.fromkeys(files_below(path))
    return list(found)


def _show(file: File, write: Callable[[str], object]) -> None:
    name = str(file.path)
    old, new = file.old.splitlines(keepends=True), file.new.splitlines(keepends=True)
    for line in difflib.unified_diff(old, new, fromfile=name, tofile=name):
        write(line.rstrip("\r\n"))


def _summarize(
    changed: int, files: Sequence[File], options: Options, write: Callable[[str], object]
) -> None:
    verb = "would be changed" if options.dry_run else "changed"
    write(f"{changed} of {len(files)} files {verb}.")
    findings = [(file.path, finding) for file in files for finding in file.findings]
    if findings:
        write("Not changed, to be checked by hand:")
    for path, finding in findings:
        write(f"{path}:{finding.line}: {finding.message}")
