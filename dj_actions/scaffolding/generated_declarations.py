"""The files that declare a new action."""

from __future__ import annotations

from collections.abc import Mapping

from dj_actions.scaffolding.blueprint import Blueprint, Style
from dj_actions.scaffolding.imports import Imports
from dj_actions.scaffolding.model_factories import import_model
from dj_actions.scaffolding.rendering import render

ACTION_IMPORTS = (
    ("typing", "Any"),
    ("dj_actions.action", "Action"),
    ("dj_actions.action", "register"),
    ("dj_actions.context", "ActionContext"),
    ("rest_framework.permissions", "IsAuthenticated"),
)
FORM_IMPORTS = (
    ("typing", "Any"),
    ("django", "forms"),
    ("dj_actions.forms.mixins", "ActionFormMixin"),
    ("rest_framework.request", "Request"),
)


def declaration_files(blueprint: Blueprint) -> Mapping[str, str]:
    """Return the content of each file, by file name."""
    if blueprint.style is Style.CLASS:
        return {"action.py": _action(blueprint)}
    values = {"payload": "{ids: [1, 2]}" if blueprint.is_bulk else "{}", "blueprint": blueprint}
    return {
        "form.py": _form(blueprint),
        "definition.yaml": render("definition.yaml", **values),
        "README.md": render("README.md", **values),
    }


def _action(blueprint: Blueprint) -> str:
    imports = Imports(*ACTION_IMPORTS, reserved=[blueprint.class_name])
    model = import_model(blueprint.resource.model, imports)
    return render("action.py", blueprint=blueprint, imports=imports, model=model)


def _form(blueprint: Blueprint) -> str:
    imports = Imports(*FORM_IMPORTS, reserved=[blueprint.form_name])
    model = import_model(blueprint.resource.model, imports)
    manager = blueprint.resource.model._default_manager.name
    return render("form.py", blueprint=blueprint, imports=imports, manager=manager, model=model)
