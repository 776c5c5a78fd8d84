"""Python source as a formatter would leave it: imports in order, long calls one part per line."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

WIDTH = 88
"""Longest line: what fits here, no formatter breaks; what is broken keeps its last comma."""

INDENT = " " * 4

THIRD_PARTY_FOLDERS = frozenset({"site-packages", "dist-packages"})
OURS = "dj_actions"

FUTURE, STANDARD, THIRD_PARTY, FIRST_PARTY = range(4)
"""The sections of a module's imports, in their order."""


@dataclass(frozen=True, slots=True)
class Import:
    """One name that a module imports."""

    module: str
    name: str = ""
    """What is taken from the module; empty for the module itself."""

    alias: str = ""
    """What it is called here, if not by its own name."""


@dataclass(slots=True)
class Names:
    """The names of one module: imports what is used, and lets no two things share a name."""

    taken: set[str] = field(default_factory=set)
    """Names that mean something else in the module."""

    imports: dict[Import, None] = field(default_factory=dict)
    """What is imported, each once."""

    def use(self, module: str, name: str = "") -> str:
        """Import something, and return what it is called in this module."""
        for known in self.imports:
            if (known.module, known.name) == (module, name):
                return known.alias or known.name or known.module
        alias = name or module
        while alias in self.taken:
            alias += "Model"
        self.taken.add(alias)
        self.imports[Import(module, name, "" if alias == (name or module) else alias)] = None
        return alias

    def statements(self) -> str:
        """Return the import statements, those that every module has among them."""
        return import_statements([Import("__future__", "annotations"), *self.imports])


def import_statements(imports: Iterable[Import]) -> str:
    """Return import statements in sections, sorted as isort's default is."""
    sections: dict[int, list[Import]] = {}
    for entry in imports:
        sections.setdefault(_section(entry.module), []).append(entry)
    return "\n\n".join("\n".join(_section_lines(sections[key])) for key in sorted(sections))


def import_from(module: str, names: Sequence[str], *, comment: str = "") -> str:
    """Return `from module import names`, on several lines if it is long."""
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return line + comment
    inner = "".join(f"{INDENT}{name},\n" for name in names)
    return f"from {module} import ({comment}\n{inner})"


def call(
    head: str,
    arguments: Sequence[str],
    *,
    indent: int,
    tail: str = "",
    brackets: tuple[str, str] = ("(", ")"),
) -> str:
    """Return a call, the head of a function, or a literal; on several lines if it is long.

    Args:
        head: all that comes before the opening bracket.
        arguments: each as source.
        indent: how many levels the statement is indented; the first line comes without it.
        tail: all that comes after the closing bracket.
        brackets: the opening and the closing one.
    """
    opening, closing = brackets
    line = f"{head}{opening}{', '.join(arguments)}{closing}{tail}"
    margin = INDENT * indent
    if len(margin + line) <= WIDTH:
        return line
    inner = "".join(f"{margin}{INDENT}{argument},\n" for argument in arguments)
    return f"{head}{opening}\n{inner}{margin}{closing}{tail}"


def is_third_party(path: Path) -> bool:
    """Tell whether a file was installed rather than written in this project."""
    return bool(THIRD_PARTY_FOLDERS.intersection(path.parts))


def _section(module: str) -> int:
    top = module.partition(".")[0]
    if top == "__future__":
        return FUTURE
    if top in sys.stdlib_module_names:
        return STANDARD
    spec = None if top == OURS else importlib.util.find_spec(top)
    places = spec and (spec.origin, *(spec.submodule_search_locations or ()))
    is_ours = places and not any(is_third_party(Path(place)) for place in places if place)
    return FIRST_PARTY if is_ours else THIRD_PARTY


def _section_lines(imports: Sequence[Import]) -> list[str]:
    """Return `import a` before `from a import b`; a name with an alias has its own line."""
    modules = sorted(entry.module for entry in imports if not entry.name)
    groups: dict[tuple[str, str], list[str]] = {}
    for entry in imports:
        if entry.name:
            groups.setdefault((entry.module, entry.alias), []).append(_named(entry))
    parts = [(module, sorted(names, key=_kind)) for (module, _), names in groups.items()]
    parts.sort(key=lambda part: (part[0], _kind(part[1][0])))
    return [
        *(f"import {module}" for module in modules),
        *(import_from(module, names) for module, names in parts),
    ]


def _named(entry: Import) -> str:
    return f"{entry.name} as {entry.alias}" if entry.alias else entry.name


def _kind(name: str) -> tuple[int, str]:
    """Sort constants before classes, and both before functions."""
    if name.isupper() and len(name) > 1:
        return 0, name
    return (1 if name[0].isupper() else 2), name
