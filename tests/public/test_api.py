"""The public API is what `tests.public.api` lists; docs, example and integrations use no more."""

from __future__ import annotations

import importlib
import pkgutil
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.public.api import PUBLIC, is_public
from tests.public.references import imports_of, references_in

ROOT = Path(__file__).resolve().parents[2]

PAGES = ["README.md", *sorted(f"docs/{path.name}" for path in ROOT.glob("docs/*.md"))]

USERS = {
    "example": ("example",),
    "integrations/dj_actions_airflow": ("dj_actions_airflow",),
    "integrations/dj_actions_stream": ("dj_actions_stream",),
}
"""Folder of code that uses the public API → packages whose internals it may import: its own."""

FIXTURE = "dj_actions.drain"
"""In docs/testing.md `dj_actions` is also the pytest fixture of that name."""

PROVIDER = "dj_actions_airflow_provider."
"""A distribution for Airflow's environment, where the tests of DAGs load what a page shows."""


def changes(module: str, listed: Iterable[str], found: Iterable[str]) -> str:
    """Return the difference as lines for CHANGELOG.md; an empty string if there is none."""
    added, removed = set(found) - set(listed), set(listed) - set(found)
    sections = [("### Added", added), ("### Removed", removed)]
    return "\n".join(
        "\n".join([title, "", *(f"- `{module}.{name}`" for name in sorted(names)), ""])
        for title, names in sections
        if names
    )


@pytest.mark.parametrize("module", PUBLIC)
def test_a_public_module_exports_the_listed_names_and_has_them(module: str) -> None:
    loaded = importlib.import_module(module)
    exported = loaded.__all__
    difference = changes(module, PUBLIC[module], exported)

    assert not difference, (
        f"The public names of {module} have changed. If that is intended, update "
        f'tests/public/api.py and add this to CHANGELOG.md under "Unreleased":\n\n{difference}'
    )
    assert len(exported) == len(set(exported))
    assert [name for name in exported if not hasattr(loaded, name)] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_refers_to_public_names_only(page: str) -> None:
    references = set(references_in((ROOT / page).read_text(encoding="utf-8"))) - {FIXTURE}

    own = {path for path in references if not path.startswith(PROVIDER)}
    assert sorted(path for path in own if not is_public(path)) == []


@pytest.mark.parametrize("folder", USERS)
def test_users_of_the_api_import_public_names_only(folder: str) -> None:
    internal = [
        f"{file.relative_to(ROOT)}: {path}"
        for file in sorted((ROOT / folder).rglob("*.py"))
        for path in imports_of(file.read_text(encoding="utf-8"))
        if path.partition(".")[0] not in USERS[folder] and not is_public(path)
    ]

    assert internal == []


def test_every_module_is_public_or_protected() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = config["tool"]["importlinter"]["contracts"]
    protected = {name for entry in contracts for name in entry.get("protected_modules", [])}
    listed = {*protected, *PUBLIC, *(name.rpartition(".")[0] for name in PUBLIC)}
    modules = {f"dj_actions.{found.name}" for found in pkgutil.iter_modules([ROOT / "dj_actions"])}

    assert modules - listed == set()


def test_a_changed_name_is_printed_for_the_changelog() -> None:
    assert changes("dj_actions.x", ["a", "b"], ["b", "c"]) == (
        "### Added\n\n- `dj_actions.x.c`\n\n### Removed\n\n- `dj_actions.x.a`\n"
    )
    assert changes("dj_actions.x", ["a"], ["a"]) == ""


def test_imports_and_references_are_found() -> None:
    page = (
        "See `dj_actions.x.y` and dj_actions.E001.\n```python\nfrom dj_actions.a import b, c\n```"
    )

    assert list(references_in(page)) == [
        *("dj_actions.a.b", "dj_actions.a.c"),
        *("dj_actions.x.y", "dj_actions.a"),
    ]
    assert list(imports_of("from dj_actions.a import b\nimport dj_actions_stream.c, os")) == [
        *("dj_actions.a.b", "dj_actions_stream.c"),
    ]
