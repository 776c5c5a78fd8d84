"""The files that a command will write: shown first, then all written or none."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dj_actions.scaffolding.errors import ScaffoldingError

CREATE, EDIT, OVERWRITE = "create", "edit", "overwrite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file, before and after the change."""

    path: Path
    after: str

    before: str | None
    """None if the file does not exist."""

    is_edit: bool = False
    """Whether most of the existing content stays."""

    @property
    def kind(self) -> str:
        """`create`, `edit` or `overwrite`."""
        if self.before is None:
            return CREATE
        return EDIT if self.is_edit else OVERWRITE

    @property
    def line(self) -> str:
        """The change in one line of output."""
        return f"{self.kind:9} {display_path(self.path)}"

    def diff(self) -> str:
        """Return the change as a unified diff."""
        before = "" if self.before is None else self.before
        lines = difflib.unified_diff(
            before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            "/dev/null" if self.before is None else str(display_path(self.path)),
            str(display_path(self.path)),
        )
        return "".join(lines)


def change(path: Path, after: str, *, is_edit: bool = False) -> Change:
    """Return the change that gives a file this content.

    Raises:
        ScaffoldingError: the path exists, and is not a text file.
    """
    return Change(path=path, before=read(path), after=after, is_edit=is_edit)


def read(path: Path) -> str | None:
    """Return a file's text with its line endings as they are, or None if it does not exist.

    Raises:
        ScaffoldingError: the file cannot be read.
    """
    try:
        return path.read_bytes().decode() if path.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise ScaffoldingError(f"Cannot read {display_path(path)}: {error}") from error


def effective_changes(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return the changes whose content differs from the existing one."""
    return tuple(entry for entry in changes if entry.before != entry.after)


def overwritten_paths(changes: Iterable[Change]) -> list[Path]:
    """Return the existing files whose content would be lost."""
    return [entry.path for entry in changes if entry.kind == OVERWRITE]


def write(changes: Sequence[Change]) -> None:
    """Write all files; if one cannot be written, restore the others.

    Raises:
        ScaffoldingError: a file could not be written.
    """
    with ExitStack() as undo:
        for entry in changes:
            try:
                _make_folder(entry.path.parent, undo)
                undo.callback(partial(_restore, entry))
                entry.path.write_bytes(entry.after.encode())
            except OSError as error:
                raise ScaffoldingError(
                    f"Cannot write {display_path(entry.path)}: {error}. Nothing was changed."
                ) from error
        undo.pop_all()


def display_path(path: Path) -> Path:
    """Return a path relative to the working directory, if it is below it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _make_folder(folder: Path, undo: ExitStack) -> None:
    for missing in reversed([entry for entry in (folder, *folder.parents) if not entry.exists()]):
        missing.mkdir()
        undo.callback(missing.rmdir)


def _restore(entry: Change) -> None:
    if entry.before is not None:
        entry.path.write_bytes(entry.before.encode())
    elif entry.path.exists():
        entry.path.unlink()
