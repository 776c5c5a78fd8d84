"""Read an `action_registry.py`, and change it between its markers only."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dj_actions.declaration.enums import ActionStatus, ActionType
from dj_actions.scaffolding.errors import ScaffoldingRefused
from dj_actions.scaffolding.source import call, import_from

START = "## -- START ACTION REGISTRY -- ##"
END = "## -- END ACTION REGISTRY -- ##"

MARKER = re.compile(r"#{1,2} -- (START|END) ACTION REGISTRY -- #{1,2}\s*")
"""Either spelling of dj-actions 0.0.7, on a line of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One action, as a registry names it."""

    action_id: str
    type: ActionType

    module: str
    """Where its class is, if it is one."""

    class_name: str
    """Name of its class, if it is one."""

    is_class: bool
    """Whether it is an Action class, not a form with a `definition.yaml`."""


class RegistryFile:
    """The text of a registry, taken apart.

    Args:
        path: where it is, for messages.
        text: what it holds, its line ends as they are.

    Raises:
        ScaffoldingRefused: it is no Python, or its markers are missing or out of order.
    """

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.lines = list(io.StringIO(text, newline=""))
        self.newline = "\r\n" if "\r\n" in text else "\n"
        try:
            self.tree = ast.parse(text.encode())
        except (SyntaxError, ValueError) as error:
            raise ScaffoldingRefused(f"{path} cannot be read: {error}. Mend it first.") from error
        self.first, self.last = self._find_markers()

    @property
    def block(self) -> list[str]:
        """The lines between the markers."""
        return self.lines[self.first : self.last]

    @property
    def basepath(self) -> str:
        """The URL path that the registry names, or an empty text."""
        for node in ast.walk(self.tree):
            for key, value in _constants(node):
                if key == "basepath" and isinstance(value, str):
                    return value
        return ""

    def has(self, entry: Entry) -> bool:
        """Tell whether an action of that id is registered, wherever in the file."""
        return any(_names(node, entry) for node in self.tree.body)

    def with_entry(self, entry: Entry) -> str:
        """Return the text with the action registered.

        A line that registers it already is kept, unless it says another type.

        Raises:
            ScaffoldingRefused: it is registered outside of the markers, or the markers stand
                where no statement can.
        """
        present = [node for node in _parsed(self.block) if _is_only(node, entry)]
        wanted = self._statements(entry)
        block = self.block
        if len(present) != len(wanted) or not all(_is_of_type(node, entry) for node in present):
            block = _without(block, present)
            for statement in wanted[:-1]:
                block = self._with_import(block, statement, entry.module)
            block = self._with_append(block, wanted[-1])
        changed = "".join([*self.lines[: self.first], *block, *self.lines[self.last :]])
        self._refuse_unless_right(changed, entry, len(wanted))
        return changed

    def _find_markers(self) -> tuple[int, int]:
        """Return the index of the first line after START, and that of the line of END."""
        found = [
            (match[1], index)
            for index, line in enumerate(self.lines)
            if (match := MARKER.fullmatch(line))
        ]
        if [kind for kind, _ in found] != ["START", "END"]:
            raise ScaffoldingRefused(
                f"{self.path} needs one line\n{START}\nand below it one line\n{END}\n"
                "Add them after `action_list = []`: actions are registered between them."
            )
        return found[0][1] + 1, found[1][1]

    def _statements(self, entry: Entry) -> list[str]:
        if not entry.is_class:
            parts = [f'"{entry.action_id}"', *self._words(entry)]
            described = call("", parts, indent=1, tail=",").removesuffix(",")
            return [call("action_list.append", [described], indent=0)]
        # Below `action_list = []`, thus not at the top of the module.
        statement = import_from(entry.module, [entry.class_name], comment="  # noqa: E402")
        return [statement, f"action_list.append({entry.class_name})"]

    def _words(self, entry: Entry) -> tuple[str, str]:
        """Return type and status, by the names that the registry has imported."""
        nodes = [node for node in self.tree.body if isinstance(node, ast.ImportFrom)]
        imported = {alias.asname or alias.name for node in nodes for alias in node.names}
        words = f"ACTION_TYPE.{entry.type.name}", f"STATUS.{ActionStatus.ALPHA.name}"
        if {"ACTION_TYPE", "STATUS"} <= imported:
            return words
        if "util" in imported:
            return f"util.{words[0]}", f"util.{words[1]}"
        return f'"{entry.type}"', f'"{ActionStatus.ALPHA}"'

    def _with_import(self, block: list[str], statement: str, module: str) -> list[str]:
        imports = [node for node in _parsed(block) if isinstance(node, ast.ImportFrom)]
        lines = self._lines_of(statement)
        if not imports:
            return [*lines, self.newline, *block]
        later = [node.lineno - 1 for node in imports if str(node.module) > module]
        place = later[0] if later else imports[-1].end_lineno
        return [*block[:place], *lines, *block[place:]]

    def _with_append(self, block: list[str], statement: str) -> list[str]:
        place = max((index for index, line in enumerate(block, 1) if line.strip()), default=0)
        statements = _parsed(block)
        if statements and isinstance(statements[-1], ast.ImportFrom):
            place = min(place + 1, len(block))  # keeps the blank line below imports
        return [*block[:place], *self._lines_of(statement), *block[place:]]

    def _lines_of(self, statement: str) -> list[str]:
        return [line + self.newline for line in statement.splitlines()]

    def _refuse_unless_right(self, changed: str, entry: Entry, wanted: int) -> None:
        try:
            found = [node for node in ast.parse(changed.encode()).body if _names(node, entry)]
        except SyntaxError:
            found = []
        if len(found) > wanted:
            raise ScaffoldingRefused(
                f"{self.path} names {entry.action_id!r} in more than one statement, or outside "
                "of the markers. Remove it there first."
            )
        if len(found) < wanted or not all(_is_only(node, entry) for node in found):
            raise ScaffoldingRefused(
                f"{self.path}: no statement can stand between the markers. Put them on lines of "
                "their own, below `action_list = []` and above `enrich_actions(…)`."
            )


def _parsed(block: Sequence[str]) -> list[ast.stmt]:
    try:
        return ast.parse("".join(block)).body
    except SyntaxError:
        return []  # then the whole file is found to be wrong, after the change


def _without(block: Sequence[str], statements: Sequence[ast.stmt]) -> list[str]:
    gone: set[int] = set()
    for node in statements:
        gone.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return [line for number, line in enumerate(block, 1) if number not in gone]


def _names(statement: ast.stmt, entry: Entry) -> bool:
    """Tell whether a statement names the action, perhaps among others."""
    return any(_is_named(node, entry) for node in ast.walk(statement))


def _is_named(node: ast.AST, entry: Entry) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == entry.module
    if isinstance(node, ast.Tuple) and node.elts:
        return isinstance(node.elts[0], ast.Constant) and node.elts[0].value == entry.action_id
    return isinstance(node, ast.Name) and node.id == entry.class_name


def _is_only(statement: ast.stmt, entry: Entry) -> bool:
    """Tell whether a statement names the action, and nothing else."""
    if isinstance(statement, ast.ImportFrom):
        return len(statement.names) == 1 and _is_named(statement, entry)
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and len(statement.value.args) == 1
        and _is_named(statement.value.args[0], entry)
    )


def _is_of_type(statement: ast.stmt, entry: Entry) -> bool:
    tuples = [node for node in ast.walk(statement) if isinstance(node, ast.Tuple)]
    return all(entry.type.name in ast.unparse(node.elts[1]).upper() for node in tuples)


def _constants(node: ast.AST) -> Iterator[tuple[object, object]]:
    """Yield the constant keys of a dict literal with their values, if those are constants."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(value, ast.Constant):
                yield key.value, value.value
