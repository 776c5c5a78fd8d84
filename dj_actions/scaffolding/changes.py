"""The files that are to be written: shown first, then written all or none."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dj_actions.scaffolding.errors import ScaffoldingRefused

CREATE, EDIT, OVERWRITE = "create", "edit", "overwrite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file, before and after."""

    path: Path
    after: str

    before: str | None
    """None if there is no such file."""

    is_edit: bool = False
    """Whether most of what was there stays."""

    @property
    def kind(self) -> str:
        """What is done to the file, in a word."""
        if self.before is None:
            return CREATE
        return EDIT if self.is_edit else OVERWRITE

    @property
    def line(self) -> str:
        """What is done, for people."""
        return f"{self.kind:9} {shown(self.path)}"

    def diff(self) -> str:
        """Return the change as a unified diff."""
        before = "" if self.before is None else self.before
        lines = difflib.unified_diff(
            before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            "/dev/null" if self.before is None else str(shown(self.path)),
            str(shown(self.path)),
        )
        return "".join(lines)


def change(path: Path, after: str, *, is_edit: bool = False) -> Change:
    """Return the change that gives a file this content.

    Raises:
        ScaffoldingRefused: something of that name is no text file.
    """
    return Change(path=path, before=read(path), after=after, is_edit=is_edit)


def read(path: Path) -> str | None:
    """Return a file's text with its line ends as they are, or None if there is no such file.

    Raises:
        ScaffoldingRefused: it cannot be read.
    """
    try:
        return path.read_bytes().decode() if path.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise ScaffoldingRefused(f"{shown(path)} cannot be read: {error}") from error


def needed(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return those that change something."""
    return tuple(entry for entry in changes if entry.before != entry.after)


def overwritten(changes: Iterable[Change]) -> list[Path]:
    """Return the files of which nothing would be left."""
    return [entry.path for entry in changes if entry.kind == OVERWRITE]


def write(changes: Sequence[Change]) -> None:
    """Write all files; if one cannot be written, put the others back.

    Raises:
        ScaffoldingRefused: one could not be written.
    """
    with ExitStack() as undo:
        for entry in changes:
            try:
                _make_folder(entry.path.parent, undo)
                undo.callback(partial(_restore, entry))
                entry.path.write_bytes(entry.after.encode())
            except OSError as error:
                raise ScaffoldingRefused(
                    f"{shown(entry.path)} cannot be written: {error}. Nothing was changed."
                ) from error
        undo.pop_all()


def shown(path: Path) -> Path:
    """Return a path as it is found from here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _make_folder(folder: Path, undo: ExitStack) -> None:
    for missing in reversed([entry for entry in _upwards(folder) if not entry.exists()]):
        missing.mkdir()
        undo.callback(missing.rmdir)


def _upwards(folder: Path) -> Iterator[Path]:
    yield folder
    yield from folder.parents


def _restore(entry: Change) -> None:
    if entry.before is not None:
        entry.path.write_bytes(entry.before.encode())
    elif entry.path.exists():
        entry.path.unlink()
