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

PLACES = (
    "actiondocs/{name}.yaml",
    "actions/{name}/definition.yaml",
    "{name}/definition.yaml",
)
"""Where the file is looked for, below the base; if there are several, the last one counts."""


def read_definition(base: str | Path, name: str) -> dict[str, Any]:
    """Return what an action's `definition.yaml` says; its texts are Django templates.

    Args:
        base: the folder of the actions.
        name: the action's.

    Raises:
        InvalidAction: there is no such file, or it is no mapping.
    """
    paths = [Path(base) / place.format(name=name) for place in PLACES]
    found = [path for path in paths if path.is_file()]
    if not found:
        tried = ", ".join(str(path) for path in paths)
        raise InvalidAction(
            f"There is no definition.yaml of the action {name!r}. Looked for {tried}. "
            "Write one, or mend `base`: the folder in which the actions lie."
        )
    path = found[-1]
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(said, dict):
            raise InvalidAction(f"{path} is no mapping. Start it with `title: …`.")
        # Through JSON: keys become texts, and dates too, which YAML knows and JSON does not.
        plain: dict[str, Any] = json.loads(json.dumps(said, default=str))
        return {key: _rendered(value) for key, value in plain.items()}
    except (yaml.YAMLError, TemplateSyntaxError, TemplateDoesNotExist) as error:
        raise InvalidAction(f"{path} cannot be read: {error}") from error


def _rendered(value: Any) -> Any:
    if isinstance(value, str):
        return _template(value).render(Context()) if "{" in value else value
    if isinstance(value, Mapping):
        return {key: _rendered(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_rendered(entry) for entry in value]
    return value


def _template(text: str) -> Template:
    try:
        return Engine.get_default().from_string(text)
    except ImproperlyConfigured:  # a project without Django's own templates
        return Engine().from_string(text)
