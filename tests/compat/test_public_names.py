"""All names of dj-actions 0.0.7: each is below the new root, or docs/upgrading.md lists it as gone.

`names.json` was read from the source distribution of 0.0.7: module → name → names of its arguments
(null for what is not a function, and for functions with decorators). Its tests and migrations are
left out, and so is what its modules import from other packages.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

HERE = Path(__file__).parent
OLD: dict[str, dict[str, list[str] | None]] = json.loads((HERE / "names.json").read_text())
NAMES = [(module, name) for module, names in OLD.items() for name in names]
PAGE = (HERE.parents[1] / "docs" / "upgrading.md").read_text()
TABLE = PAGE.split("\n## Names that are gone\n")[1].split("\n## ")[0]

GONE = {
    span
    for row in TABLE.splitlines()
    if row.startswith("| `")
    for span in re.findall(r"`([^`]+)`", row.split(" | ")[0])
}
"""The paths in the first column of the table; each stands for everything below it too."""

TEMPLATES = [
    *("README.md", "action_registry.py", "create_action_confirmation.txt"),
    *("create_action_success.txt", "definition.yaml", "form.py", "instructions.txt"),
    *("test_api.py", "test_form.py"),
]


def find(module: str, name: str) -> Any:
    """Return what has the name now.

    Raises:
        LookupError: nothing has.
    """
    try:
        value: Any = importlib.import_module(f"dj_actions.{module}")
        for part in name.split("."):
            value = getattr(value, part)
    except (ImportError, AttributeError) as error:
        raise LookupError(f"{module}.{name}") from error
    return value


def is_there(module: str, name: str) -> bool:
    try:
        find(module, name)
    except LookupError:
        return False
    return True


def listed(module: str, name: str) -> Iterator[str]:
    """Yield the entries of the table that stand for a name."""
    path = f"actions.{module}.{name}."
    return (entry for entry in GONE if path.startswith(f"{entry}."))


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_a_name_is_there_or_listed_as_gone(module: str, name: str) -> None:
    assert is_there(module, name) != any(listed(module, name))


def test_each_entry_of_the_table_is_a_name_of_0_0_7() -> None:
    covered = {entry for module, name in NAMES for entry in listed(module, name)}

    assert {entry for entry in GONE if not entry.startswith("djactions/")} == covered


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (module, name)
        for module, name in NAMES
        if OLD[module][name] is not None and is_there(module, name)
    ],
)
def test_its_arguments_have_the_same_names_in_the_same_order(module: str, name: str) -> None:
    arguments = OLD[module][name] or []
    assert list(inspect.signature(find(module, name)).parameters)[: len(arguments)] == arguments


@pytest.mark.parametrize("name", TEMPLATES)
def test_its_templates_are_gone_as_the_table_says(name: str) -> None:
    assert "djactions/*" in GONE
    with pytest.raises(TemplateDoesNotExist):
        get_template(f"djactions/{name}")
