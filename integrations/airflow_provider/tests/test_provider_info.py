"""What Airflow reads about the provider: complete, and true."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from importlib import import_module
from importlib.metadata import entry_points, version
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import airflow
import jsonschema
import pytest
from airflow.providers_manager import ProvidersManager
from airflow.sdk import BaseHook, BaseNotifier, BaseOperator, BaseOperatorLink, BaseSensorOperator
from airflow.triggers.base import BaseTrigger

import dj_actions_airflow_provider as package
from dj_actions_airflow_provider.hooks import DjActionsHook
from dj_actions_airflow_provider.links import DjActionLink
from dj_actions_airflow_provider.provider_info import get_provider_info
from dj_actions_airflow_provider.settings import Settings

NAME = "airflow-provider-dj-actions"
BASES = {
    "hooks": BaseHook,
    "operators": BaseOperator,
    "sensors": BaseSensorOperator,
    "triggers": BaseTrigger,
}


def classes_in(name: str, base: type) -> set[str]:
    """Return the classes that a module of ours defines on a base class of Airflow's."""
    module = import_module(name)
    return {
        f"{name}.{key}"
        for key, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, base) and value.__module__ == name
    }


def test_airflow_finds_it() -> None:
    found = ProvidersManager().providers[NAME]

    assert found.version == version(NAME) == package.__version__
    assert found.data.items() >= get_provider_info().items()


def test_it_has_the_form_that_airflow_requires() -> None:
    schema = Path(airflow.__file__).with_name("provider_info.schema.json")

    jsonschema.validate(get_provider_info(), json.loads(schema.read_text()))


@pytest.mark.parametrize("kind", BASES)
def test_every_module_that_is_named_has_classes(kind: str) -> None:
    for entry in get_provider_info()[kind]:
        for name in entry["python-modules"]:
            assert classes_in(name, BASES[kind])


def test_every_class_of_ours_is_named() -> None:
    info = get_provider_info()
    modules = {
        kind: {name for entry in info[kind] for name in entry["python-modules"]} for kind in BASES
    }
    for entry in iter_modules(package.__path__, f"{package.__name__}."):
        for kind, base in BASES.items():
            found = classes_in(entry.name, base)
            if kind == "operators":
                found -= classes_in(entry.name, BaseSensorOperator)
            assert not found or entry.name in modules[kind]
        assert classes_in(entry.name, BaseNotifier) <= set(info["notifications"])
        assert classes_in(entry.name, BaseOperatorLink) <= set(info["extra-links"])


@pytest.mark.parametrize("kind", ["notifications", "extra-links"])
def test_every_class_that_is_named_can_be_imported(kind: str) -> None:
    for path in get_provider_info()[kind]:
        module, _, name = path.rpartition(".")
        assert isinstance(getattr(import_module(module), name), type)


def test_the_connection_is_what_the_hook_reads() -> None:
    [connection] = get_provider_info()["connection-types"]

    assert connection["connection-type"] == DjActionsHook.conn_type
    assert connection["hook-name"] == DjActionsHook.hook_name
    assert connection["hook-class-name"] == f"{DjActionsHook.__module__}.DjActionsHook"
    assert set(connection["conn-fields"]) == set(Settings.__dataclass_fields__) - {
        "base_url",
        "token",
    }


@pytest.mark.skipif(
    not hasattr(ProvidersManager, "iter_connection_type_hook_ui_metadata"),
    reason="this Airflow has no forms that are described by data",
)
def test_airflow_shows_the_form_of_the_connection() -> None:
    manager = ProvidersManager()
    [shown] = [
        entry
        for entry in manager.iter_connection_type_hook_ui_metadata()
        if entry.connection_type == "dj_actions"
    ]
    widgets = {
        widget.field_name: widget.is_sensitive
        for name, widget in manager._connection_form_widgets_from_metadata.items()
        if name.startswith("extra__dj_actions__")
    }

    assert shown.hook_name == "DJ Actions"
    assert shown.field_behaviour
    assert shown.field_behaviour["relabeling"]["password"] == "Machine token"
    assert {name for name, is_sensitive in widgets.items() if is_sensitive} == {"hint_secret"}
    assert len(widgets) == 7


def test_the_entry_point_leads_here() -> None:
    [entry] = [
        entry
        for entry in entry_points(group="apache_airflow_provider")
        if entry.dist and entry.dist.name == NAME
    ]

    assert entry.load() is get_provider_info


@pytest.mark.parametrize(
    "module",
    [
        "provider_info",  # Airflow reads it while it is being imported itself
        "events",
    ],
)
def test_these_need_only_the_standard_library(module: str) -> None:
    code = f"import sys, dj_actions_airflow_provider.{module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert {"airflow", "httpx"}.isdisjoint(loaded)


def test_nothing_but_airflow_is_imported() -> None:
    [folder] = package.__path__
    imported = {
        name.partition(".")[0]
        for file in Path(folder).glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        for name in _imported(node)
    }

    own = {"airflow", "httpx", package.__name__}
    assert imported - own <= sys.stdlib_module_names


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [str(node.module)]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def test_the_link_is_what_the_task_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    left: dict[str, Any] = {"dj_actions_event_url": "https://todos.example.com/events/1/"}
    monkeypatch.setattr(
        "dj_actions_airflow_provider.links.XCom.get_value",
        lambda *, ti_key, key: left.get(key) if ti_key == "of the task" else None,
    )
    link = DjActionLink()

    assert link.get_link(None, ti_key="of the task") == "https://todos.example.com/events/1/"
    assert link.get_link(None, ti_key="of another") == ""
    assert link.name == "Event in DJ Actions"
