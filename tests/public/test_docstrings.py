"""Every module can be imported, says what its public names are for, and drags nothing in."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PACKAGES = ("dj_actions", "dj_actions_stream", "dj_actions_airflow")
VENDORS = ("stream", "airflow_client", "airflow")


def modules_of(*packages: str) -> list[str]:
    names = list(packages)
    for package in packages:
        path = importlib.import_module(package).__path__
        names += [entry.name for entry in pkgutil.walk_packages(path, f"{package}.")]
    return [name for name in names if ".migrations" not in name]


MODULES = modules_of(*PACKAGES)


def public_objects(module: Any) -> Iterator[tuple[str, Any]]:
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


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_is_for(name: str) -> None:
    module = importlib.import_module(name)
    is_empty = not Path(str(module.__file__)).read_text().strip()

    assert module.__doc__ or is_empty


@pytest.mark.parametrize("name", MODULES)
def test_public_names_say_what_they_are_for(name: str) -> None:
    silent = [
        found
        for found, value in public_objects(importlib.import_module(name))
        if not value.__doc__ and not _is_test_or_meta(found)
    ]

    assert silent == []


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
        timeout=60,
        check=False,
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "[]\n", "")


@pytest.mark.parametrize("name", PACKAGES)
def test_what_a_package_offers_is_there(name: str) -> None:
    package = importlib.import_module(name)

    assert [entry for entry in getattr(package, "__all__", []) if not hasattr(package, entry)] == []
