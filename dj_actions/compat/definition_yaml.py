"""Read the `definition.yaml` of an action."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ImproperlyConfigured
from django.template import Context, Engine, Template, TemplateSyntaxError
from django.template.exceptions import TemplateDoesNotExist

from dj_actions.exceptions import InvalidAction

PATHS = (
    "actiondocs/{name}.yaml",
    "actions/{name}/definition.yaml",
    "{name}/definition.yaml",
)
"""Possible paths of the file, relative to the base; if several exist, the last one is used."""


def get_action_docs(base_path: str | Path, action_id: str) -> dict[str, Any]:
    """Return the content of an action's `definition.yaml`; its strings are Django templates.

    Args:
        base_path: folder of the actions; the file is `actiondocs/<id>.yaml`,
            `actions/<id>/definition.yaml` or `<id>/definition.yaml` below it.
        action_id: name of the action.

    Raises:
        InvalidAction: the file does not exist, cannot be read, or is not a mapping.
    """
    paths = [Path(base_path) / path.format(name=action_id) for path in PATHS]
    found = [path for path in paths if path.is_file()]
    if not found:
        tried = ", ".join(str(path) for path in paths)
        raise InvalidAction(
            f"The action {action_id!r} has no definition.yaml. Tried {tried}. Write one, or "
            "correct `base`, the folder of the actions."
        )
    path = found[-1]
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise InvalidAction(f"{path} is not a mapping. Start it with `title: …`.")
        # Through JSON, which has neither dates nor keys other than strings.
        plain: dict[str, Any] = json.loads(json.dumps(content, default=str))
        return {key: _render(value) for key, value in plain.items()}
    except (yaml.YAMLError, TemplateSyntaxError, TemplateDoesNotExist) as error:
        raise InvalidAction(f"Cannot read {path}: {error}") from error


def _render(value: Any) -> Any:
    if isinstance(value, str):
        return _template(value).render(Context()) if "{" in value else value
    if isinstance(value, Mapping):
        return {key: _render(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_render(entry) for entry in value]
    return value


def _template(source: str) -> Template:
    try:
        return Engine.get_default().from_string(source)
    except ImproperlyConfigured:  # the project does not use Django's templates
        return Engine().from_string(source)
