"""Read an `action_registry.py`, and edit it between its markers only."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dj_actions.declaration.enums import ActionStatus, ActionType
from dj_actions.scaffolding.errors import ScaffoldingError

START = "## -- START ACTION REGISTRY -- ##"
END = "## -- END ACTION REGISTRY -- ##"

MARKER = re.compile(r"#{1,2} -- (START|END) ACTION REGISTRY -- #{1,2}\s*")
"""Either spelling of dj-actions 0.0.7, on a separate line."""

MAX_LINE_LENGTH = 88
"""Longest statement that stays on one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One action in a registry."""

    action_id: str
    type: ActionType

    module: str
    """Module of its class, if it is a class."""

    class_name: str
    """Name of its class, if it is a class."""

    is_class: bool
    """Whether it is an Action class, and not a form with a `definition.yaml`."""

    @property
    def path(self) -> str:
        """Dotted path of its class."""
        return f"{self.module}.{self.class_name}"


class RegistryFile:
    """The parsed text of a registry.

    Args:
        path: the file, for messages.
        text: its content, with its line endings.

    Raises:
        ScaffoldingError: it is not valid Python, or its markers are missing or out of order.
    """

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.lines = list(io.StringIO(text, newline=""))
        self.newline = "\r\n" if "\r\n" in text else "\n"
        try:
            self.tree = ast.parse(text.encode())
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise ScaffoldingError(f"Cannot parse {path}: {error}. Fix it first.") from error
        self.first, self.last = self._find_markers()

    @property
    def block(self) -> list[str]:
        """The lines between the markers."""
        return self.lines[self.first : self.last]

    @property
    def basepath(self) -> str:
        """The URL path in the registry, or an empty string."""
        for node in ast.walk(self.tree):
            for key, value in _constants(node):
                if key == "basepath" and isinstance(value, str):
                    return value
        return ""

    def has(self, entry: Entry) -> bool:
        """Return whether the action is registered anywhere in the file."""
        return any(_mentions(node, entry) for node in self.tree.body)

    def with_entry(self, entry: Entry) -> str:
        """Return the text with the action registered.

        A line that registers it already is kept, unless it has another type.

        Raises:
            ScaffoldingError: it is registered outside of the markers, or there can be no
                statements between the markers.
        """
        present = [node for node in _parsed(self.block) if _registers_only(node, entry)]
        is_kept = _register(present, entry)
        block = self.block
        if not is_kept:
            block = self._with_append(_without(block, present), self._statement(entry))
        changed = "".join([*self.lines[: self.first], *block, *self.lines[self.last :]])
        self._verify(changed, entry, len(present) if is_kept else 1)
        return changed

    def _find_markers(self) -> tuple[int, int]:
        """Return the index of the first line after START, and that of the line of END."""
        found = [
            (match[1], index)
            for index, line in enumerate(self.lines)
            if (match := MARKER.fullmatch(line))
        ]
        if [kind for kind, _ in found] != ["START", "END"]:
            raise ScaffoldingError(
                f"{self.path} must contain one line\n{START}\nand below it one line\n{END}\n"
                "Add them after `action_list = []`; actions are registered between them."
            )
        return found[0][1] + 1, found[1][1]

    def _statement(self, entry: Entry) -> str:
        if not entry.is_class:
            type_name, status_name = self._type_and_status(entry)
            return f'action_list.append(("{entry.action_id}", {type_name}, {status_name}))'
        # Not an import, which linters want at the top of the module.
        statement = f'action_list.append("{entry.path}")'
        if len(statement) <= MAX_LINE_LENGTH:
            return statement
        return f'action_list.append(\n    "{entry.path}"\n)'

    def _type_and_status(self, entry: Entry) -> tuple[str, str]:
        """Return type and status as expressions, using the names that the registry imports."""
        nodes = [node for node in self.tree.body if isinstance(node, ast.ImportFrom)]
        imported = {alias.asname or alias.name for node in nodes for alias in node.names}
        names = f"ACTION_TYPE.{entry.type.name}", f"STATUS.{ActionStatus.ALPHA.name}"
        if {"ACTION_TYPE", "STATUS"} <= imported:
            return names
        if "util" in imported:
            return f"util.{names[0]}", f"util.{names[1]}"
        return f'"{entry.type}"', f'"{ActionStatus.ALPHA}"'

    def _with_append(self, block: list[str], statement: str) -> list[str]:
        place = max((index for index, line in enumerate(block, 1) if line.strip()), default=0)
        return [*block[:place], *self._lines_of(statement), *block[place:]]

    def _lines_of(self, statement: str) -> list[str]:
        return [line + self.newline for line in statement.splitlines()]

    def _verify(self, changed: str, entry: Entry, wanted: int) -> None:
        """Refuse an edit unless the changed file has exactly the wanted statements."""
        try:
            found = [node for node in ast.parse(changed.encode()).body if _mentions(node, entry)]
        except SyntaxError:
            found = []
        if len(found) > wanted:
            raise ScaffoldingError(
                f"{self.path} has {entry.action_id!r} in more than one statement, or outside of "
                "the markers. Remove it there first."
            )
        if len(found) < wanted or not all(_registers_only(node, entry) for node in found):
            raise ScaffoldingError(
                f"{self.path}: there can be no statements between the markers. Move the markers to "
                "separate lines below `action_list = []` and above `enrich_actions(…)`."
            )


def _parsed(block: Sequence[str]) -> list[ast.stmt]:
    try:
        return ast.parse("".join(block)).body
    except SyntaxError:
        return []  # `_verify` reports it after the edit


def _without(block: Sequence[str], statements: Sequence[ast.stmt]) -> list[str]:
    removed: set[int] = set()
    for node in statements:
        removed.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return [line for number, line in enumerate(block, 1) if number not in removed]


def _mentions(statement: ast.stmt, entry: Entry) -> bool:
    """Return whether a statement mentions the action, perhaps among others."""
    return any(_is_entry(node, entry) for node in ast.walk(statement))


def _is_entry(node: ast.AST, entry: Entry) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == entry.module
    if isinstance(node, ast.Constant):
        return node.value == entry.path
    if isinstance(node, ast.Tuple) and node.elts:
        return isinstance(node.elts[0], ast.Constant) and node.elts[0].value == entry.action_id
    return isinstance(node, ast.Name) and node.id == entry.class_name


def _registers_only(statement: ast.stmt, entry: Entry) -> bool:
    """Return whether a statement registers the action, and nothing else."""
    if isinstance(statement, ast.ImportFrom):
        return len(statement.names) == 1 and _is_entry(statement, entry)
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and len(statement.value.args) == 1
        and _is_entry(statement.value.args[0], entry)
    )


def _register(statements: Sequence[ast.stmt], entry: Entry) -> bool:
    """Return whether statements register the action as it is: its style and its type."""
    tuples = [
        node
        for statement in statements
        for node in ast.walk(statement)
        if isinstance(node, ast.Tuple)
    ]
    if entry.is_class:
        # Its path in one statement, or an import and the class.
        imports = [node for node in statements if isinstance(node, ast.ImportFrom)]
        return bool(statements) and not tuples and len(statements) == len(imports) + 1
    return len(statements) == 1 and len(tuples) == 1 and _has_type_of(statements[0], entry)


def _has_type_of(statement: ast.stmt, entry: Entry) -> bool:
    tuples = [node for node in ast.walk(statement) if isinstance(node, ast.Tuple)]
    return all(entry.type.name in ast.unparse(node.elts[1]).upper() for node in tuples)


def _constants(node: ast.AST) -> Iterator[tuple[object, object]]:
    """Yield the constant keys of a dict literal with their values, if they are constants."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(value, ast.Constant):
                yield key.value, value.value
