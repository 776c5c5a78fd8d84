"""Find the app, model and path given on the command line, and reject names that cannot work."""

from __future__ import annotations

import keyword
import re
from pathlib import Path

from django.apps import AppConfig, apps
from django.db.models import Model

from dj_actions.declaration.compiler import MAX_ACTION_NAME_LENGTH, RESERVED_NAMES
from dj_actions.scaffolding.errors import ScaffoldingError
from dj_actions.text import did_you_mean

ACTION_ID = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")

URL_PATH = re.compile(r"(/[A-Za-z0-9_.~-]+)+/")

REGISTRY_MODULE = "action_registry"
"""Module next to the packages of the actions, hence not a possible name of an action."""

INSTALLED_FOLDERS = frozenset({"site-packages", "dist-packages"})


def project_apps() -> list[AppConfig]:
    """Return the apps that have models and are part of the project itself."""
    configs = [config for config in apps.get_app_configs() if not _is_installed(config)]
    return [config for config in configs if any(config.get_models())]


def find_app(name: str) -> AppConfig:
    """Return the app with a label or dotted name.

    Raises:
        ScaffoldingError: there is no such app, or it is an installed package.
    """
    known = {config.label: config for config in apps.get_app_configs()}
    known |= {config.name: config for config in apps.get_app_configs()}
    if name not in known:
        raise ScaffoldingError(
            f"There is no app {name!r}.{did_you_mean(name, known)} Use the label or the dotted "
            "name of an app in INSTALLED_APPS."
        )
    config = known[name]
    if _is_installed(config):
        raise ScaffoldingError(
            f"The app {config.label!r} is an installed package ({config.path}). Choose an app of "
            "your own project."
        )
    return config


def find_model(config: AppConfig, name: str) -> type[Model]:
    """Return a model of the app by its name, ignoring case.

    Raises:
        ScaffoldingError: there is no such model, or a package cannot have its name.
    """
    known = {model.__name__: model for model in config.get_models()}
    found = {key.lower(): model for key, model in known.items()}.get(name.lower())
    if found is None:
        raise ScaffoldingError(
            f"The app {config.label!r} has no model {name!r}.{did_you_mean(name, known)} "
            f"Its models: {', '.join(sorted(known)) or 'none'}."
        )
    if keyword.iskeyword(str(found._meta.model_name)):
        raise ScaffoldingError(
            f"{found._meta.model_name!r} is a Python keyword, so it cannot be the name of the "
            f"package for actions on {found.__name__}."
        )
    return found


def require_action_id(name: str) -> str:
    """Return the name of an action if it is valid.

    Raises:
        ScaffoldingError: it is not.
    """
    if not ACTION_ID.fullmatch(name):
        raise ScaffoldingError(
            f"The name {name!r} is not in snake_case. Use lowercase letters, digits and single "
            "underscores, starting with a letter, for example 'mark_done'."
        )
    if len(name) > MAX_ACTION_NAME_LENGTH:
        raise ScaffoldingError(
            f"The name has {len(name)} characters; use at most {MAX_ACTION_NAME_LENGTH}."
        )
    if keyword.iskeyword(name) or name in RESERVED_NAMES or name == REGISTRY_MODULE:
        raise ScaffoldingError(f"The name {name!r} is reserved. Choose another name.")
    return name


def require_path(path: str) -> str:
    """Return a URL path with a slash at both ends.

    Raises:
        ScaffoldingError: it is not a valid path.
    """
    full = f"/{path.strip('/')}/"
    if not URL_PATH.fullmatch(full):
        raise ScaffoldingError(
            f"{path!r} is not a valid URL path. Use the path at which the viewset lists its "
            "objects, for example /todos/ or /api/v1/todos/."
        )
    return full


def _is_installed(config: AppConfig) -> bool:
    is_third_party = bool(INSTALLED_FOLDERS.intersection(Path(config.path).parts))
    return is_third_party or config.name == "dj_actions"
