"""Every module can be imported, has docstrings, and imports no vendor's library."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGES = ("dj_actions", "dj_actions_stream", "dj_actions_airflow")
VENDORS = ("stream", "airflow_client", "airflow")


def modules_of(*packages: str) -> list[str]:
    names = list(packages)
    for package in packages:
        path = importlib.import_module(package).__path__
        names += [entry.name for entry in pkgutil.walk_packages(path, f"{package}.")]
    return [name for name in names if ".migrations" not in name]


MODULES = modules_of(*PACKAGES)


def public_objects(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Yield the classes and functions made in a module, and the methods made in its classes."""
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(value):
            yield name, value
            for method, function in vars(value).items():
                inner = getattr(function, "fget", None) or getattr(function, "__func__", function)
                is_ours = inspect.isfunction(inner) and inner.__module__ == module.__name__
                if is_ours and not method.startswith("_"):
                    yield f"{name}.{method}", inner
        elif inspect.isfunction(value) and value.__name__ == name:
            yield name, value


def test_each_module_has_a_docstring() -> None:
    assert [name for name in MODULES if _is_silent(importlib.import_module(name))] == []


def test_each_public_class_function_and_method_has_a_docstring() -> None:
    silent = [
        f"{name}.{found}"
        for name in MODULES
        for found, value in public_objects(importlib.import_module(name))
        if not value.__doc__ and not _is_test_or_meta(found)
    ]

    assert silent == []


def _is_silent(module: ModuleType) -> bool:
    is_empty = not Path(str(module.__file__)).read_text().strip()
    return not (module.__doc__ or is_empty)


def _is_test_or_meta(name: str) -> bool:
    last = name.rpartition(".")[2]
    return last == "Meta" or last.startswith("test_")


def test_the_core_loads_no_vendor() -> None:
    core = [name for name in MODULES if name.partition(".")[0] == "dj_actions"]
    program = (
        "import importlib, sys\n"
        "import django\n"
        "from django.conf import settings\n"
        "settings.configure(\n"
        "    INSTALLED_APPS=['django.contrib.contenttypes', 'django.contrib.auth',\n"
        "                    'django.contrib.messages', 'django.contrib.admin',\n"
        "                    'rest_framework', 'dj_actions'],\n"
        "    DATABASES={'default': {'ENGINE': 'django.db.backends.sqlite3',\n"
        "                           'NAME': ':memory:'}},\n"
        ")\n"
        "django.setup()\n"
        f"for name in {core!r}:\n"
        "    importlib.import_module(name)\n"
        f"print([name for name in {VENDORS!r} if name in sys.modules])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "[]\n", "")


def test_each_name_in_all_exists() -> None:
    packages = [importlib.import_module(name) for name in PACKAGES]
    missing = [
        f"{package.__name__}.{entry}"
        for package in packages
        for entry in getattr(package, "__all__", [])
        if not hasattr(package, entry)
    ]

    assert missing == []
