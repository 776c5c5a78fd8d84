"""Find the references to dj-actions 0.0.7 in a Python source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from dj_actions.compat.upgrade.edits import Edits
from dj_actions.compat.upgrade.names import MODULES, OLD_ROOT, is_gone, is_old, mentions_old

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_LITERAL = re.compile(r"[rRbBuU]{0,2}(\"\"\"|'''|\"|')(?P<content>.*)\1", re.DOTALL)
_APPS = re.compile(r"(?:\w*_)?APPS")

Importing = ast.Import | ast.ImportFrom
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def edits_in(text: str) -> Edits:
    """Return the edits of a Python source.

    Raises:
        SyntaxError: it is not valid Python.
    """
    finder = _Finder(text)
    finder.visit(ast.parse(text))
    finder.finish()
    return finder.edits


class _Finder(ast.NodeVisitor):
    """Collects the edits.

    A docstring that mentions an old name is neither changed nor reported.
    """

    def __init__(self, text: str) -> None:
        self.edits = Edits()
        self._text = text
        self._lines = _LINE.findall(text)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self._imports: list[ast.alias] = []
        self._uses: list[ast.Name] = []
        self._other_bindings = 0

    def finish(self) -> None:
        """Rename what `import actions.util` has bound, unless the name means something else too."""
        if not self._imports:
            return
        if self._other_bindings:
            for alias in self._imports:
                self.edits.report(
                    alias.lineno,
                    f"`import {alias.name}` binds the name {OLD_ROOT!r}, which has another meaning "
                    "in this file: change both by hand.",
                )
            return
        nodes: list[ast.alias | ast.Name] = [*self._imports, *self._uses]
        self.edits.offsets.update(map(self._start_of, nodes))

    def visit(self, node: ast.AST) -> None:
        """Visit a node; functions, classes, exceptions and patterns bind their `name`."""
        self._bind(getattr(node, "name", None))
        super().visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        """`import actions.util`, with or without `as`."""
        for alias in node.names:
            if alias.name.split(".")[0] != OLD_ROOT:
                self._bind(alias.asname or alias.name)
            elif not (alias.name == OLD_ROOT or self._may_change(node, alias.name)):
                self._bind(alias.asname or OLD_ROOT)
            elif alias.asname is None:
                self._imports.append(alias)
            else:
                self._bind(alias.asname)
                self.edits.offsets.add(self._start_of(alias))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """`from actions.util import …` and `from actions import util`."""
        for alias in node.names:
            self._bind(alias.asname or alias.name)
        module = node.module or ""
        if node.level or module.split(".")[0] != OLD_ROOT:
            return
        if module == OLD_ROOT:
            paths = [f"{module}.{alias.name}" for alias in node.names]
        else:
            paths = [module]
            self._report_gone(node)
        may_change = [self._may_change(node, path) for path in paths]  # reports each of them
        if all(may_change):
            self.edits.offsets.add(self._text.index(OLD_ROOT, self._start_of(node)))

    def visit_Assign(self, node: ast.Assign) -> None:
        """`INSTALLED_APPS = […]`, and the dependencies of a migration."""
        for target in node.targets:
            self._visit_assigned(target, node.value)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """`INSTALLED_APPS += […]`."""
        self._visit_assigned(node.target, node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """`INSTALLED_APPS: list[str] = […]`."""
        if node.value:
            self._visit_assigned(node.target, node.value)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """`apps.get_model("actions", "ActionEvent")`."""
        if isinstance(node.func, ast.Attribute) and node.func.attr == "get_model" and node.args:
            self._change_label(node.args[0])
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        """The name that an import has bound, or another one."""
        if node.id == OLD_ROOT and isinstance(node.ctx, ast.Load):
            self._uses.append(node)
        elif node.id == OLD_ROOT:
            self._other_bindings += 1

    def visit_arg(self, node: ast.arg) -> None:
        """A parameter."""
        self._bind(node.arg)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """A function."""
        self._visit_body(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """An asynchronous function."""
        self._visit_body(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """A class."""
        self._visit_body(node)

    def visit_Module(self, node: ast.Module) -> None:
        """The module itself."""
        self._visit_body(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """A dotted path in a string, as `import_string` and `mock.patch` accept it."""
        if not isinstance(node.value, str):
            return
        if not is_old(node.value):
            if mentions_old(node.value):
                self.edits.report(node.lineno, "This string contains an old name among others.")
        elif self._may_change(node, node.value):
            self._change_string(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """An f-string, which can only be reported."""
        for part in node.values:
            is_text = isinstance(part, ast.Constant) and isinstance(part.value, str)
            if is_text and mentions_old(part.value):  # type: ignore[attr-defined]  # is_text
                self.edits.report(node.lineno, "This f-string contains an old name.")
            elif not is_text:
                self.visit(part)

    def _visit_body(self, node: Documented) -> None:
        docstring = node.body[0] if ast.get_docstring(node, clean=False) is not None else None
        for child in ast.iter_child_nodes(node):
            if child is not docstring:
                self.visit(child)

    def _visit_assigned(self, target: ast.expr, value: ast.expr) -> None:
        name = getattr(target, "id", getattr(target, "attr", ""))
        if _APPS.fullmatch(name):
            for entry in ast.walk(value):
                self._change_label(entry)
        elif name in {"dependencies", "run_before"}:
            for label in _labels_of_migrations(value):
                self._change_label(label)

    def _change_label(self, node: ast.AST) -> None:
        """Change the label of the app, as a whole string."""
        if isinstance(node, ast.Constant) and node.value == OLD_ROOT:
            self._change_string(node)

    def _change_string(self, node: ast.Constant) -> None:
        start = self._start_of(node)
        end = self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)
        literal = _LITERAL.fullmatch(self._text[start:end])
        if literal and literal["content"] == node.value:
            self.edits.offsets.add(start + literal.start("content"))
        else:
            self.edits.report(node.lineno, f"{node.value!r} is in parts: change it by hand.")

    def _may_change(self, node: ast.Constant | Importing, path: str) -> bool:
        """Return whether a path is changed; report the others."""
        if path == f"{OLD_ROOT}.*" or (is_old(path) and not is_gone(path)):
            return True
        reason = (
            "is gone: see the table in docs/upgrading.md"
            if is_gone(path)
            else f"is not of dj-actions 0.0.7, which has {', '.join(sorted(MODULES))}"
        )
        self.edits.report(node.lineno, f"{path} {reason}.")
        return False

    def _report_gone(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            path = f"{node.module}.{alias.name}"
            if is_gone(path) and not is_gone(node.module or ""):
                self._may_change(node, path)

    def _bind(self, name: str | None) -> None:
        self._other_bindings += name == OLD_ROOT

    def _start_of(self, node: ast.expr | ast.alias | Importing) -> int:
        return self._offset(node.lineno, node.col_offset)

    def _offset(self, line: int, column: int) -> int:
        """Return the position in characters; the parser counts the bytes of UTF-8."""
        before = self._lines[line - 1].encode()[:column].decode()
        return self._starts[line - 1] + len(before)


def _labels_of_migrations(value: ast.expr) -> Iterator[ast.expr]:
    for entry in ast.walk(value):
        if isinstance(entry, ast.Tuple) and entry.elts:
            yield entry.elts[0]
