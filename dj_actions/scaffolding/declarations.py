"""The files that declare a new action."""

from __future__ import annotations

from collections.abc import Mapping

from dj_actions.scaffolding.blueprint import Blueprint, Style
from dj_actions.scaffolding.model_factories import import_model
from dj_actions.scaffolding.rendering import render
from dj_actions.scaffolding.source import Names, call


def declarations(blueprint: Blueprint) -> Mapping[str, str]:
    """Return the files' content by their names."""
    if blueprint.style is Style.CLASS:
        return {"action.py": _action(blueprint)}
    values = {
        "module": blueprint.package,
        "form_name": form_name(blueprint),
        "payload": "{ids: [1, 2]}" if blueprint.is_bulk else "{}",
        **_common(blueprint),
    }
    return {
        "form.py": _form(blueprint),
        "definition.yaml": render("definition.yaml", **values),
        "README.md": render("README.md", **values),
    }


def form_name(blueprint: Blueprint) -> str:
    """Return the name of an action's form."""
    return f"{blueprint.class_name}Form"


def _common(blueprint: Blueprint) -> dict[str, object]:
    return {
        "action_id": blueprint.action_id,
        "is_bulk": blueprint.is_bulk,
        "model_name": blueprint.resource.model.__name__,
        "path": blueprint.served.path,
        "resource": blueprint.resource.name,
        "title": blueprint.title,
        "variable": blueprint.variable,
    }


def _summary(blueprint: Blueprint, subject: str) -> str:
    return f'f"{blueprint.title}: {{{subject}}}"'


def _action(blueprint: Blueprint) -> str:
    names = Names(taken={blueprint.class_name})
    for module, name in (
        ("typing", "Any"),
        ("dj_actions.action", "Action"),
        ("dj_actions.action", "register"),
        ("dj_actions.context", "ActionContext"),
        ("rest_framework.permissions", "IsAuthenticated"),
    ):
        names.use(module, name)
    model = import_model(blueprint.resource.model, names)
    returned = f"list[{model}]" if blueprint.is_bulk else model
    told = "len(objects)" if blueprint.is_bulk else blueprint.variable
    return render(
        "action.py",
        class_name=blueprint.class_name,
        emit=call("context.emit", [f"summary={_summary(blueprint, told)}"], indent=2),
        explicit_name=blueprint.needs_name,
        imports=names.statements(),
        model=model,
        perform=call(
            "def perform",
            ["self", "context: ActionContext", "_data: dict[str, Any]"],
            indent=1,
            tail=f" -> {returned}:",
        ),
        **_common(blueprint),
    )


def _form(blueprint: Blueprint) -> str:
    name = form_name(blueprint)
    names = Names(taken={name})
    for module, imported in (
        ("typing", "Any"),
        ("django", "forms"),
        ("dj_actions.forms.mixins", "ActionFormMixin"),
        ("rest_framework.request", "Request"),
    ):
        names.use(module, imported)
    model = import_model(blueprint.resource.model, names)
    manager = blueprint.resource.model._default_manager.name
    queryset = f"queryset={model}.{manager}.all()"
    returned = f"list[{model}]" if blueprint.is_bulk else model
    key = "_pk" if blueprint.is_bulk else "pk"
    return render(
        "form.py",
        form_name=name,
        get_form=call(
            "def get_form",
            ["cls", "view: Any", "request: Request", "_pk: Any = None", "**_: Any"],
            indent=1,
            tail=f" -> {name}:",
        ),
        ids=call("ids = forms.ModelMultipleChoiceField", [queryset], indent=1),
        imports=names.statements(),
        manager=manager,
        model=model,
        save=call(
            "def save",
            ["self", "_request: Request", f"{key}: Any = None"],
            indent=1,
            tail=f" -> tuple[dict[str, Any], {returned}]:",
        ),
        summary=_summary(blueprint, "instance"),
        **_common(blueprint),
    )
