"""Find the references to our packages in Python sources and in Markdown pages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

PACKAGES = ("dj_actions", "dj_actions_stream", "dj_actions_airflow")

_CODE_BLOCK = re.compile(r"^ *```python\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
_IMPORT = re.compile(r"^ *from +(dj_actions[\w.]*) +import +(\([^)]*\)|[\w, ]+)", re.MULTILINE)
_DOTTED = re.compile(r"\bdj_actions\w*(?:\.\w+)+")
_CHECK_ID = re.compile(r"\w+\.[EW]\d{3}")


def imports_of(source: str) -> Iterator[str]:
    """Yield the dotted path of everything that a Python source imports from our packages."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            paths = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            paths = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (path for path in paths if path.partition(".")[0] in PACKAGES)


def references_in(page: str) -> Iterator[str]:
    """Yield the dotted paths into our packages on a page, in its examples and in its text.

    Ids of system checks look like dotted paths, and are left out.
    """
    for block in _CODE_BLOCK.findall(page):
        for module, names in _IMPORT.findall(block):
            yield from (f"{module}.{name}" for name in re.findall(r"\w+", names))
    yield from (path for path in _DOTTED.findall(page) if not _CHECK_ID.fullmatch(path))
