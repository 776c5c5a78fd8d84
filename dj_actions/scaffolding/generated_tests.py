"""The tests that a new action comes with."""

from __future__ import annotations

from collections.abc import Mapping

from dj_actions.scaffolding.blueprint import Blueprint, Style
from dj_actions.scaffolding.model_factories import Recipe
from dj_actions.scaffolding.rendering import render
from dj_actions.scaffolding.source import INDENT, Names, call

MARGIN = INDENT * 2
"""The statements stand in a method of a class."""


def proofs(blueprint: Blueprint) -> Mapping[str, str]:
    """Return the test files' content by their names."""
    if blueprint.style is Style.CLASS:
        return {"test_action.py": _test_action(blueprint), "test_api.py": _test_api(blueprint)}
    return {"test_form.py": _test_form(blueprint), "test_api.py": _test_api(blueprint)}


def unknown_fields(blueprint: Blueprint) -> list[str]:
    """Return the required fields for which the tests know no value, and thus are skipped."""
    return _prepared(blueprint, Names()).unknown


def _prepared(blueprint: Blueprint, names: Names) -> Recipe:
    """Return how the tests make who acts, and what is acted on."""
    recipe = Recipe(names=names)
    recipe.make_actor()
    model = blueprint.resource.model
    if blueprint.is_bulk:
        recipe.make(model, "first", number=1)
        recipe.make(model, "second", number=2)
        recipe.statements.append("self.objects = [first, second]")
    else:
        recipe.make(model, f"self.{blueprint.variable}")
    if recipe.unknown:
        fields = ", ".join(recipe.unknown)
        recipe.statements.insert(0, f'self.skipTest("Give {fields} a value below.")')
    return recipe


def _rendered(
    template: str, blueprint: Blueprint, names: Names, recipe: Recipe, **values: object
) -> str:
    return render(
        template,
        action_id=blueprint.action_id,
        class_name=blueprint.class_name,
        imports=names.statements(),
        is_bulk=blueprint.is_bulk,
        statements="\n".join(MARGIN + statement for statement in recipe.statements),
        variable=blueprint.variable,
        **values,
    )


def _test_action(blueprint: Blueprint) -> str:
    names = Names(taken={f"{blueprint.class_name}Test"})
    names.use("django.test", "TestCase")
    action = names.use(blueprint.entry.module, blueprint.class_name)
    recipe = _prepared(blueprint, names)
    given = "objects=self.objects" if blueprint.is_bulk else f"object=self.{blueprint.variable}"
    run = call(f"result = {action}.run", ["actor=self.actor", given], indent=2)
    return _rendered("test_action.py", blueprint, names, recipe, run=run)


def _test_form(blueprint: Blueprint) -> str:
    names = Names(taken={f"{blueprint.class_name}FormTest"})
    names.use("django.test", "RequestFactory")
    names.use("django.test", "TestCase")
    names.use("dj_actions.util", "get_action_form")
    names.use(f"{blueprint.resource.package}.action_registry", "ACTIONS")
    recipe = _prepared(blueprint, names)
    recipe.statements.append('self.request = RequestFactory().post("/")')
    recipe.statements.append("self.request.user = self.actor")
    named = ["ACTIONS", f'"{blueprint.action_id}"']
    form_class = call("form_class = get_action_form", named, indent=2)
    return _rendered("test_form.py", blueprint, names, recipe, form_class=form_class)


def _test_api(blueprint: Blueprint) -> str:
    names = Names(taken={f"{blueprint.class_name}ApiTest"})
    names.use("http", "HTTPStatus")
    names.use("rest_framework.test", "APIClient")
    names.use("rest_framework.test", "APITestCase")
    kind = "bulk" if blueprint.is_bulk else "instance"
    get_url = names.use("dj_actions.tests.testutils", f"get_{kind}_action_url")
    recipe = _prepared(blueprint, names)
    lookup = blueprint.served.lookup if blueprint.style is Style.CLASS else "pk"
    target = [] if blueprint.is_bulk else [f"self.{blueprint.variable}.{blueprint.served.lookup}"]
    parts = [f'"{blueprint.served.path.strip("/")}"', *target, f'"{blueprint.action_id}"']
    posted = ["self.url", "self.payload", 'format="json"'] if blueprint.is_bulk else ["self.url"]
    return _rendered(
        "test_api.py",
        blueprint,
        names,
        recipe,
        answer="".join(f"{MARGIN}{line}\n" for line in _answer(blueprint)),
        keys=f"entry.{lookup}",
        post=f"self.client.post({', '.join(posted)})",
        post_as_stranger=f"APIClient().post({', '.join(posted)})",
        url=call(f"self.url = {get_url}", parts, indent=2),
    )


def _answer(blueprint: Blueprint) -> list[str]:
    """Return the statements that look at the answer."""
    key = blueprint.served.answered_key
    shown = "{}.pk" if blueprint.served.has_number else "str({}.pk)"
    if not blueprint.is_bulk:
        target = shown.format(f"self.{blueprint.variable}")
        return [f'assert response.json()["{key}"] == {target}'] if key else []
    if not key:
        return ['assert len(response.json()["results"]) == len(self.objects)']
    return [
        f'answered = {{entry["{key}"] for entry in response.json()["results"]}}',
        f"assert answered == {{{shown.format('entry')} for entry in self.objects}}",
    ]
