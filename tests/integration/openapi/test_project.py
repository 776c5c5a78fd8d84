"""The document of a whole project, and projects without drf-spectacular."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework.test import APIClient

from dj_actions.openapi.actions import ActionSchema
from tests.conftest import Declare, Serve
from tests.integration.openapi.conftest import MakeDocument

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTATION = ROOT / "docs" / "openapi.md"

PROJECT = """
import sys

from django.conf import settings

if {blocked}:
    sys.modules["drf_spectacular"] = None  # as if it were not installed

settings.configure(
    SECRET_KEY="of this test alone",
    ALLOWED_HOSTS=["testserver"],
    ROOT_URLCONF="__main__",
    USE_TZ=True,
    DATABASES={{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}},
    INSTALLED_APPS=[
        "django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "dj_actions",
        "example.todos",
    ],
    REST_FRAMEWORK={rest_framework},
)

import django

django.setup()

from django.core.management import call_command
from django.contrib.auth.models import User
from django.urls import include, path
from rest_framework.routers import DefaultRouter
from rest_framework.schemas.openapi import AutoSchema, SchemaGenerator
from rest_framework.test import APIClient

from example.todos.models import Todo
from example.todos.views import TodoViewSet

router = DefaultRouter()
router.register("todos", TodoViewSet)
urlpatterns = [path("api/", include("dj_actions.urls")), path("", include(router.urls))]

call_command("migrate", verbosity=0)
ann = User.objects.create_superuser("ann")
todo = Todo.objects.create(title="Buy milk", owner=ann)
client = APIClient()
client.force_authenticate(ann)

for method, url in [
    ("post", f"/todos/{{todo.pk}}/actions/mark_done/"),
    ("get", f"/todos/{{todo.pk}}/actions/mark_done/"),
    ("get", "/todos/actions/list/"),
    ("get", "/todos/actions/mark_done/schema/"),
    ("get", "/api/action-events/"),
]:
    response = getattr(client, method)(url, format="json")
    assert response.status_code == 200, (url, response.content)

assert client.get("/todos/actions/mark_dome/").status_code == 404
{describe}
loaded = sorted(name for name in sys.modules if name.startswith("drf_spectacular."))
assert not loaded, loaded
print("Everything works.")
"""

DESCRIBE = """
assert isinstance(TodoViewSet().schema, AutoSchema)
paths = SchemaGenerator().get_schema()["paths"]
assert "/todos/{id}/actions/mark_done/" in paths, list(paths)
assert not any("unknown" in path for path in paths), list(paths)
"""


def run(blocked: bool, rest_framework: dict[str, Any], describe: str = "") -> str:
    """Run the todo project in a subprocess, and return its output."""
    code = PROJECT.format(blocked=blocked, rest_framework=rest_framework, describe=describe)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout.strip() or done.stderr


def test_everything_else_works_without_drf_spectacular() -> None:
    assert run(blocked=True, rest_framework={}) == "Everything works."


def test_drf_spectacular_is_not_imported_with_another_schema_class() -> None:
    default = {"DEFAULT_SCHEMA_CLASS": "rest_framework.schemas.openapi.AutoSchema"}

    assert run(blocked=False, rest_framework=default, describe=DESCRIBE) == "Everything works."


OLDER = {"OAS_VERSION": "3.0.3"}
NEWER = {"OAS_VERSION": "3.1.0"}


@pytest.mark.parametrize(("name", "settings"), [("OLDER", OLDER), ("NEWER", NEWER)])
def test_the_example_is_described_without_a_warning(
    tmp_path: Path, name: str, settings: dict[str, str]
) -> None:
    call_command(
        "spectacular",
        *("--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml")),
        custom_settings=f"{__name__}.{name}",
    )

    written = (tmp_path / "schema.yaml").read_text()
    assert written.startswith(f"openapi: {settings['OAS_VERSION']}")
    assert "operationId: todos_mark_done" in written


def test_the_example_serves_its_document() -> None:
    response = APIClient().get("/api/schema/?format=json")

    assert response.status_code == 200
    assert "/todos/actions/bulk_mark_done/" in response.json()["paths"]


def select_shown_keys(made: Any, shown: Any) -> Any:
    """Return the part of the document that the documentation shows."""
    if not (isinstance(made, dict) and isinstance(shown, dict)):
        return made
    return {key: select_shown_keys(made.get(key), value) for key, value in shown.items()}


def test_the_excerpt_in_the_documentation_matches_the_document(make_document: MakeDocument) -> None:
    (shown,) = re.findall("```yaml\n(.*?)```", DOCUMENTATION.read_text(), re.DOTALL)
    wanted = yaml.safe_load(shown)

    assert select_shown_keys(make_document(), wanted) == wanted


class OwnSchema(AutoSchema):
    """A schema class of a project."""

    def get_override_parameters(self) -> list[Any]:
        """Add a header to each view."""
        return [OpenApiParameter("X-Shop", str, OpenApiParameter.HEADER)]


def test_a_custom_default_schema_class_is_extended(
    declare: Declare, serve: Serve, make_document: MakeDocument, settings: Any
) -> None:
    settings.REST_FRAMEWORK = {
        **settings.REST_FRAMEWORK,
        "DEFAULT_SCHEMA_CLASS": "tests.integration.openapi.test_project.OwnSchema",
    }
    declare()
    viewset = serve()
    operation = make_document()["paths"]["/things/{id}/actions/poke/"]["post"]

    assert operation["operationId"] == "things_poke"
    assert "X-Shop" in {entry["name"] for entry in operation["parameters"]}
    assert {ActionSchema, OwnSchema} <= set(type(viewset().schema).__mro__)


class OwnActionSchema(ActionSchema):
    """A schema class of a viewset."""

    def get_tags(self) -> list[str]:
        """Return the same tag for each action."""
        return ["own"]


def test_a_viewset_may_set_its_schema(
    declare: Declare, serve: Serve, make_document: MakeDocument
) -> None:
    declare()
    serve(schema=OwnActionSchema())
    operation = make_document()["paths"]["/things/{id}/actions/poke/"]["post"]

    assert (operation["operationId"], operation["tags"]) == ("things_poke", ["own"])


def test_a_view_keeps_the_schema_that_it_was_given(serve: Serve) -> None:
    view, own = serve()(), OwnSchema()
    view.schema = own

    assert view.schema is own


def test_machine_tokens_are_for_actions_and_what_describes_them(
    make_document: MakeDocument,
) -> None:
    document = make_document()
    scheme = document["components"]["securitySchemes"]["machineToken"]
    accepting = {
        f"{method} {path}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if {"machineToken": []} in operation["security"]
    }

    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert accepting == {
        "post /todos/{id}/actions/mark_done/",
        "post /todos/{id}/actions/hand_over/",
        "post /todos/{id}/actions/remind/",
        "post /todos/actions/bulk_mark_done/",
        "get /todos/actions/list/",
        "get /todos/actions/{action_name}/schema/",
        "get /api/action-events/",
        "get /api/action-events/{id}/",
        "post /api/action-events/actions/archive_actions/",
        "get /api/action-events/actions/list/",
        "get /api/action-events/actions/{action_name}/schema/",
    }
