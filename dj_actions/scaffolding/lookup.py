"""Find what was named on the command line, and refuse names that cannot work."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from pathlib import Path

from django.apps import AppConfig, apps
from django.db.models import Model

from dj_actions.declaration.compiler import MAX_ACTION_NAME_LENGTH, RESERVED_NAMES
from dj_actions.scaffolding.errors import ScaffoldingRefused
from dj_actions.scaffolding.source import is_third_party
from dj_actions.text import did_you_mean

ACTION_ID = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

URL_PATH = re.compile(r"(/[A-Za-z0-9_.~-]+)+/")

REGISTRY_MODULE = "action_registry"
"""Stands beside the folders of the actions: no action is called so."""


def own_apps() -> list[AppConfig]:
    """Return the installed apps that have models and belong to the project itself."""
    configs = [config for config in apps.get_app_configs() if not _is_installed(config)]
    return [config for config in configs if any(config.get_models())]


def find_app(name: str) -> AppConfig:
    """Return the app of that label or dotted name.

    Raises:
        ScaffoldingRefused: there is none, it is no app of the project's own, or its actions are
            in a module that a package would hide.
    """
    known = {config.label: config for config in apps.get_app_configs()}
    known |= {config.name: config for config in apps.get_app_configs()}
    if name not in known:
        raise ScaffoldingRefused(
            f"There is no app {name!r}.{did_you_mean(name, known)} Give the label or the dotted "
            "name of an app in INSTALLED_APPS."
        )
    config = known[name]
    if _is_installed(config):
        raise ScaffoldingRefused(
            f"The app {config.label!r} is an installed package ({config.path}). Write actions "
            "into an app of your own."
        )
    return config


def find_model(config: AppConfig, name: str) -> type[Model]:
    """Return the app's model of that name; case does not matter.

    Raises:
        ScaffoldingRefused: there is none, or no package can have its name.
    """
    known = {model.__name__: model for model in config.get_models()}
    found = {key.lower(): model for key, model in known.items()}.get(name.lower())
    if found is None:
        raise ScaffoldingRefused(
            f"The app {config.label!r} has no model {name!r}.{did_you_mean(name, known)} "
            f"{_listed('It has', known)}"
        )
    if keyword.iskeyword(str(found._meta.model_name)):
        raise ScaffoldingRefused(
            f"{found._meta.model_name!r} is a word of Python, and no package can be called so: "
            f"actions on {found.__name__} cannot have a folder."
        )
    return found


def require_action_id(name: str) -> str:
    """Return the name of an action if it can be one.

    Raises:
        ScaffoldingRefused: it cannot; the message says why.
    """
    if not ACTION_ID.fullmatch(name):
        raise ScaffoldingRefused(
            f"The name {name!r} is not in snake_case. Use lower-case letters, digits and single "
            "underscores, starting with a letter, for example 'mark_done'."
        )
    if len(name) > MAX_ACTION_NAME_LENGTH:
        raise ScaffoldingRefused(
            f"The name has {len(name)} characters; an action's has at most "
            f"{MAX_ACTION_NAME_LENGTH}."
        )
    if keyword.iskeyword(name) or name in RESERVED_NAMES or name == REGISTRY_MODULE:
        raise ScaffoldingRefused(
            f"The name {name!r} is reserved. Use another, say with its object."
        )
    return name


def require_path(path: str) -> str:
    """Return a URL path with a slash at both ends.

    Raises:
        ScaffoldingRefused: it is no plain path.
    """
    full = f"/{path.strip('/')}/"
    if not URL_PATH.fullmatch(full):
        raise ScaffoldingRefused(
            f"{path!r} is no URL path. Give the one at which the viewset lists its objects, for "
            "example /todos/ or /api/v1/todos/."
        )
    return full


def _is_installed(config: AppConfig) -> bool:
    return is_third_party(Path(config.path)) or config.name == "dj_actions"


def _listed(start: str, names: Iterable[str]) -> str:
    return f"{start}: {', '.join(sorted(names)) or 'none'}."
