"""The tests of a new action."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from dj_actions.scaffolding.blueprint import Blueprint, Style
from dj_actions.scaffolding.imports import Imports
from dj_actions.scaffolding.model_factories import SetUp
from dj_actions.scaffolding.rendering import render

INDENT = " " * 8
"""Of the statements in a method."""


def test_files(blueprint: Blueprint) -> Mapping[str, str]:
    """Return the content of each test file, by file name."""
    if blueprint.style is Style.CLASS:
        return {"test_action.py": _test_action(blueprint), "test_api.py": _test_api(blueprint)}
    return {"test_form.py": _test_form(blueprint), "test_api.py": _test_api(blueprint)}


def unknown_fields(blueprint: Blueprint) -> list[str]:
    """Return the required fields that have no example value: the tests are skipped."""
    return _set_up(blueprint, Imports()).unknown_fields


def _set_up(blueprint: Blueprint, imports: Imports) -> SetUp:
    """Return the statements that create the actor and the objects of the action."""
    set_up = SetUp(imports)
    set_up.create_actor()
    model = blueprint.resource.model
    if blueprint.is_bulk:
        set_up.create(model, "first")
        set_up.create(model, "second")
        set_up.statements.append("self.objects = [first, second]")
    else:
        set_up.create(model, f"self.{blueprint.variable}")
    return set_up


def _render(template: str, blueprint: Blueprint, imports: Imports, **values: object) -> str:
    set_up = _set_up(blueprint, imports)
    return render(
        template,
        blueprint=blueprint,
        imports=imports,
        set_up=textwrap.indent("\n".join(set_up.statements), INDENT),
        unknown_fields=", ".join(set_up.unknown_fields),
        **values,
    )


def _test_action(blueprint: Blueprint) -> str:
    imports = Imports(("django.test", "TestCase"), reserved=[f"{blueprint.class_name}Test"])
    action = imports.add(blueprint.entry.module, blueprint.class_name)
    return _render("test_action.py", blueprint, imports, action=action)


def _test_form(blueprint: Blueprint) -> str:
    imports = Imports(
        ("django.test", "RequestFactory"),
        ("django.test", "TestCase"),
        ("dj_actions.util", "get_action_form"),
        (f"{blueprint.resource.package}.action_registry", "ACTIONS"),
        reserved=[f"{blueprint.class_name}FormTest"],
    )
    return _render("test_form.py", blueprint, imports)


def _test_api(blueprint: Blueprint) -> str:
    get_url = "get_bulk_action_url" if blueprint.is_bulk else "get_instance_action_url"
    imports = Imports(
        ("http", "HTTPStatus"),
        ("rest_framework.test", "APIClient"),
        ("rest_framework.test", "APITestCase"),
        ("dj_actions.tests.testutils", get_url),
        reserved=[f"{blueprint.class_name}ApiTest"],
    )
    return _render("test_api.py", blueprint, imports, **_request(blueprint))


def _request(blueprint: Blueprint) -> Mapping[str, str]:
    """Return what the test over HTTP sends, and where the response has the object's key."""
    endpoint = blueprint.endpoint
    # A bulk form finds objects by primary key, whatever field the viewset finds them by.
    is_pk_sent = blueprint.is_bulk and blueprint.style is Style.FORM
    entry = "entry" if blueprint.is_bulk else f"self.{blueprint.variable}"
    return {
        "key": endpoint.response_key,
        "lookup": "pk" if is_pk_sent else endpoint.lookup,
        "pk": f"{entry}.pk" if endpoint.has_numeric_key else f"str({entry}.pk)",
        "posted": 'self.url, self.payload, format="json"' if blueprint.is_bulk else "self.url",
        "resource_path": endpoint.path.strip("/"),
    }
