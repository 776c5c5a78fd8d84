"""The generated parts of the pages are current, and refer to what exists."""

from __future__ import annotations

import importlib
import re

import pytest

from tests.public import package_graph, reference
from tests.public.api import PUBLIC, is_public
from tests.public.generated import ROOT, Section

CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_reference_is_current() -> None:
    assert reference.SECTION.read() == reference.reference(), (
        "Run: python -m tests.public.reference --write"
    )


def test_the_package_graph_is_current() -> None:
    assert package_graph.SECTION.read() == package_graph.drawing(), (
        "Run: python -m tests.public.package_graph --write"
    )


def test_every_public_name_has_a_summary() -> None:
    silent = [
        f"{module}.{name}"
        for module, names in PUBLIC.items()
        for name in names
        if not reference.summary(importlib.import_module(module), name)
    ]

    assert silent == []


def test_the_paths_in_contributing_exist() -> None:
    paths = set(
        re.findall(r"`((?:dj_actions|integrations|tests|example|docs)/[\w./]*)`", CONTRIBUTING)
    )

    assert len(paths) > 10
    assert sorted(path for path in paths if not (ROOT / path).exists()) == []


def test_contributing_describes_every_package() -> None:
    packages = {path.parent.name for path in (ROOT / "dj_actions").glob("*/__init__.py")}
    described = set(re.findall(r"^\| `(\w+)/", CONTRIBUTING, re.MULTILINE))

    assert packages - {"migrations", "templates"} <= described


def test_the_new_paths_in_the_changelog_are_public() -> None:
    rows = re.findall(r"^\| `?dj_actions.*\| `(dj_actions[\w.]*)`", CHANGELOG, re.MULTILINE)

    assert len(rows) > 5
    assert [path for path in rows if not is_public(path)] == []


def test_the_package_graph_leaves_out_implied_arrows() -> None:
    graph = {"a": {"b", "c"}, "b": {"c"}}

    assert package_graph.reduced(graph) == {"a": {"b"}, "b": {"c"}}


def test_a_page_without_markers_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"README\.md has no markers for 'reference'"):
        Section(page="README.md", name="reference").read()
