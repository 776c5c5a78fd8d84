"""Generate docs/reference.md from the docstrings: `python -m tests.public.reference`."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
from django.conf import settings

from tests.public.api import PUBLIC
from tests.public.generated import Section, main
from tests.public.references import PACKAGES

SECTION = Section(page="docs/reference.md", name="reference")

APPS = [
    *("django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes"),
    *("django.contrib.messages", "rest_framework", "dj_actions"),
    "dj_actions_stream.server",
]


def reference() -> str:
    """Return a table of names for each public module."""
    return "\n\n".join(_module(name, names) for name, names in PUBLIC.items())


def _module(name: str, names: tuple[str, ...]) -> str:
    module = importlib.import_module(name)
    rows = [f"| `{entry}` | {summary(module, entry)} |" for entry in names]
    return "\n".join(
        [f"## `{name}`", "", _first_sentence(module.__doc__ or ""), "", "| | |", "|---|---|", *rows]
    )


def summary(module: Any, name: str) -> str:
    """Return the first sentence of the documentation of a name."""
    value = getattr(module, name, None)
    if inspect.isclass(value) or callable(getattr(value, "__wrapped__", value)):
        return _first_sentence(value.__doc__ or "")
    return _first_sentence(_attribute_docstring(module, name) or _class_docstring(value))


def _class_docstring(value: object) -> str:
    """Return the docstring of the value's class, if that is ours."""
    ours = type(value).__module__.partition(".")[0] in PACKAGES
    return type(value).__doc__ or "" if ours else ""


def _attribute_docstring(module: Any, name: str) -> str:
    """Return the string that follows an assignment, here or where the name is imported from."""
    body = ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body
    for statement, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(statement, ast.ImportFrom) and name in _names(statement):
            return _attribute_docstring(importlib.import_module(str(statement.module)), name)
        if name in _assigned(statement):
            match following:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    return text
    return ""


def _names(statement: ast.ImportFrom) -> list[str]:
    return [alias.asname or alias.name for alias in statement.names]


def _assigned(statement: ast.stmt) -> Iterator[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    yield from (target.id for target in targets if isinstance(target, ast.Name))


def _first_sentence(docstring: str) -> str:
    paragraph = " ".join(inspect.cleandoc(docstring).partition("\n\n")[0].split())
    sentence = re.split(r"(?<=[.?!])\s+(?=[A-Z`])", paragraph)[0]
    return sentence.replace("|", "\\|")


if __name__ == "__main__":
    settings.configure(INSTALLED_APPS=APPS)
    django.setup()
    main(SECTION, reference())
