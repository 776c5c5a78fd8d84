"""The files of a project: found, read and written byte for byte."""

from __future__ import annotations

import io
import os
import tokenize
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from dj_actions.compat.upgrade import python_source, yaml_source
from dj_actions.compat.upgrade.edits import Edits, Finding
from dj_actions.compat.upgrade.names import OLD_ROOT

EDITORS: Mapping[str, Callable[[str], Edits]] = {
    ".py": python_source.edits_in,
    ".pyi": python_source.edits_in,
    ".yaml": yaml_source.edits_in,
    ".yml": yaml_source.edits_in,
}
"""Suffix of a file → the function that finds its edits."""

UNREADABLE = (
    *(SyntaxError, ValueError, LookupError, yaml.YAMLError),
    *(RecursionError, MemoryError),  # of parsers, for deep nesting
)
"""Exceptions for a file whose content is at fault."""

NOT_ENTERED = frozenset({"__pycache__", "node_modules", "site-packages"})


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file, as it is and as it is to be."""

    path: Path
    old: str
    new: str
    encoding: str
    findings: tuple[Finding, ...]

    @classmethod
    def read(cls, path: Path) -> File:
        """Read a file and find its edits; one that cannot be read is a finding.

        Raises:
            OSError: it cannot be opened.
        """
        content = path.read_bytes()
        try:
            encoding = _encoding_of(path, content)
            text = content.decode(encoding)
            edits = EDITORS[path.suffix](text)
        except UNREADABLE as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            finding = Finding(line=1, message=f"This file cannot be read: {reason}")
            return cls(path=path, old="", new="", encoding="utf-8", findings=(finding,))
        return cls(
            path=path,
            old=text,
            new=edits.applied_to(text),
            encoding=encoding,
            findings=tuple(edits.findings),
        )

    @property
    def is_changed(self) -> bool:
        """Whether the file has edits."""
        return self.old != self.new

    def write(self) -> None:
        """Write the file as it is to be."""
        self.path.write_bytes(self.new.encode(self.encoding))


def files_below(path: Path) -> Iterator[Path]:
    """Yield a file itself, or the Python and YAML files below a folder, sorted.

    Hidden folders, virtual environments and installed packages are not entered, and symbolic
    links are not followed: they may lead out of the project.
    """
    if path.is_file():
        yield path
        return
    for folder, folders, names in os.walk(path):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if _is_entered(here / name))
        for name in sorted(names):
            file = here / name
            # Not a pipe or a socket: reading it might never end.
            if file.suffix in EDITORS and file.is_file() and not file.is_symlink():
                yield file


def own_package(path: Path) -> Path | None:
    """Return the package or module of a folder that is imported by the name of the old root.

    A folder that is a package itself has none: what is in `todos` is imported as `todos.actions`.
    """
    if (path / "__init__.py").exists():
        return None
    candidates = (path / OLD_ROOT / "__init__.py", path / f"{OLD_ROOT}.py")
    return next((entry for entry in candidates if entry.exists()), None)


def _is_entered(folder: Path) -> bool:
    is_hidden = folder.name.startswith(".") or folder.name in NOT_ENTERED
    return not (is_hidden or (folder / "pyvenv.cfg").exists())


def _encoding_of(path: Path, content: bytes) -> str:
    if path.suffix in {".py", ".pyi"}:
        return tokenize.detect_encoding(io.BytesIO(content).readline)[0]
    return "utf-8"
