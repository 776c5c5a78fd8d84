"""An event as a test, which passes when it is pasted; as a command; with secrets left out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from rest_framework.exceptions import ValidationError
from rest_framework.test import APIClient

from dj_actions.action import invoke
from dj_actions.context import ActionContext
from dj_actions.models import ActionEvent
from dj_actions.registry import registry
from example.todos.actions import MarkDone
from example.todos.models import Todo
from tests.conftest import Declare, MakeEvent, MakeTodo
from tests.integration.console.conftest import BrowserOf
from tests.integration.testing.project import run

pytestmark = pytest.mark.django_db

HOSTILE = """it's "quoted" '''three''' \"\"\"three\"\"\" \\ {brace} %s\u202e end"""

ROOT = Path(__file__).resolve().parents[3]

DJ_ACTIONS = {
    "PUBLISHERS": {
        "feeds": {
            "BACKEND": "dj_actions.publishers.memory.MemoryPublisher",
            "ROUTES": ["todo.*"],
        },
        "pipelines": {
            "BACKEND": "dj_actions.publishers.memory.MemoryPublisher",
            "ROUTES": ["todo.mark_done"],
        },
    },
    "RECORD_FAILURES": "all",
}

PROJECT = {
    "pytest.ini": f"""
[pytest]
DJANGO_SETTINGS_MODULE = pasted_settings
pythonpath = . {ROOT} {ROOT / "integrations"}
addopts = --no-migrations -p no:cacheprovider -p no:randomly -p no:xdist
    -p no:schemathesis -p no:hypothesispytest
""",
    "pasted_settings.py": f"""
import os

os.environ["DATABASE_URL"] = "sqlite:///pasted.sqlite3"
from tests.settings import *

DATABASES = {{
    "default": {{
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ":memory:",
        "OPTIONS": {{"transaction_mode": "IMMEDIATE"}},
    }}
}}
DJ_ACTIONS = {DJ_ACTIONS!r}
""",
}


def pasted(browser: Client, event: ActionEvent) -> str:
    """Return what the page of an event offers to copy as a test."""
    response = browser.get(reverse("dj_actions_console:event_test", args=[event.pk]))
    assert response.status_code == 200
    return response.content.decode()


def latest() -> ActionEvent:
    return ActionEvent.objects.order_by("-pk")[0]


def test_what_is_pasted_passes(
    settings: Settings, browser: Client, api: APIClient, client_of: Any, bob: User, ann: User,
    make_todo: MakeTodo, tmp_path: Path,
) -> None:  # fmt: skip
    settings.DJ_ACTIONS = DJ_ACTIONS
    first, second = make_todo(HOSTILE[:200]), make_todo(note="older")
    sources = {}
    url = f"/todos/{first.pk}/actions/mark_done/"
    assert api.post(url, {"note": HOSTILE}, format="json").status_code == 200
    sources["one"] = pasted(browser, latest())
    bulk = {"ids": [first.pk, second.pk], "note": "all"}
    assert api.post("/todos/actions/bulk_mark_done/", bulk, format="json").status_code == 200
    sources["bulk"] = pasted(browser, latest())
    assert client_of(bob).post(url, {"note": "x"}, format="json").status_code == 403
    sources["refused"] = pasted(browser, latest())
    MarkDone.run(object=second, data={"note": "by the system"})
    sources["system"] = pasted(browser, latest())
    MarkDone.run(actor=ann, object=second, data={"note": "from code"})
    sources["code"] = pasted(browser, latest())
    # The same with another result or summary: these tests have to fail.
    for name, change in (("result", {"response_data": {"id": 0}}), ("summary", {"summary": "no"})):
        ActionEvent.objects.filter(pk=latest().pk).update(**change)
        mark = "@pytest.mark.xfail(strict=True, raises=AssertionError)"
        sources[name] = pasted(browser, latest()).replace("def test_", f"{mark}\ndef test_")
    for name, source in sources.items():
        (tmp_path / f"test_{name}.py").write_text(source)
    for name, source in PROJECT.items():
        (tmp_path / name).write_text(source)
    printed = run(tmp_path, "-m", "pytest", "-q", "--no-header")

    assert "5 passed, 2 xfailed" in printed
    assert "ann finished" not in sources["refused"]
    assert "pipelines" in sources["one"]


def test_a_refusal_from_code_is_expected(
    browser: Client, declare: Declare, todo: Todo, ann: User
) -> None:
    def refuse(_context: ActionContext, _data: dict[str, Any]) -> None:
        raise ValidationError("not today")

    action = declare(refuse)
    with pytest.raises(ValidationError):
        action.run(actor=ann, object=todo)
    source = pasted(browser, latest())

    compile(source, "test_refusal.py", "exec")
    assert "with captured() as sent, pytest.raises(Exception):" in source
    assert "status_code=400" in source
    assert "expected" not in source


def test_rows_of_models_that_the_viewer_may_not_view_have_only_keys(
    browser_of: BrowserOf, api: APIClient, todo: Todo, ann: User
) -> None:
    User.objects.filter(pk=ann.pk).update(email="ann@example.com", password="pbkdf2_secret")
    api.post(f"/todos/{todo.pk}/actions/mark_done/", {"note": "x"}, format="json")
    few = browser_of("view_console", "view_payloads")
    source = pasted(few, latest())
    assert "Buy milk'" not in source.split("def rows")[0]
    assert "ann@example.com" not in source
    more = browser_of("view_console", "view_payloads", "view_user", "view_todo", username="more")
    source = pasted(more, latest())
    assert "'title': 'Buy milk'" in source
    assert "ann@example.com" in source
    assert "pbkdf2_secret" not in source


@pytest.mark.parametrize("name", ["event_test", "cloudevent"])
def test_it_requires_the_permission_for_payloads(
    browser_of: BrowserOf, make_event: MakeEvent, name: str
) -> None:
    url = reverse(f"dj_actions_console:{name}", args=[make_event().pk])
    assert browser_of("view_console").get(url).status_code == 403


def test_an_action_that_is_gone_cannot_be_run_again(browser: Client, make_event: MakeEvent) -> None:
    event = make_event(resource="gone", action="away")
    url = reverse("dj_actions_console:event_test", args=[event.pk])
    assert browser.get(url).status_code == 404
    assert (
        url
        not in browser.get(reverse("dj_actions_console:event", args=[event.pk])).content.decode()
    )


def test_secrets_are_redacted_in_every_text(
    browser: Client, declare: Declare, todo: Todo, admin: User
) -> None:
    schema = {
        "type": "object",
        "properties": {"pin": {"type": "string"}, "note": {"type": "string"}},
    }
    action = declare(input=schema, sensitive=("pin",))
    definition = action.definition
    invoke(
        registry.get(definition.resource, definition.name),
        actor=admin, object=todo, data={"pin": "4711-secret", "note": "seen"},
    )  # fmt: skip
    event = latest()
    page = browser.get(reverse("dj_actions_console:event", args=[event.pk])).content.decode()
    assert "4711-secret" not in page + pasted(browser, event)
    assert "[redacted]" in pasted(browser, event)
    url = reverse("dj_actions_console:action", args=[definition.resource, definition.name])
    form = {"object_ids": todo.pk, "data": '{"pin": "4711-secret", "note": "seen"}'}
    page = browser.post(url, form | {"run": "samples"}).content.decode()
    assert "4711-secret" not in page
    assert "[redacted]" in page


def samples(response: Any) -> dict[str, str]:
    return {sample.id: sample.text for sample in response.context["samples"]}


def test_the_catalogue_shows_the_values_of_the_form_as_code(browser: Client, todo: Todo) -> None:
    url = reverse("dj_actions_console:action", args=["todo", "mark_done"])
    before = samples(browser.get(url))
    assert "/todos/KEY/actions/mark_done/" in before["sample-curl"]
    page = browser.post(url, {"object_ids": todo.pk, "note": "it's done", "run": "samples"})

    found = samples(page)
    assert f"/todos/{todo.pk}/actions/mark_done/" in found["sample-curl"]
    assert '"note": "it\'s done"' in found["sample-python"].replace("'note'", '"note"')
    assert f"--pk={todo.pk}" in found["sample-run-action"]
    assert "--as=admin" in found["sample-run-action"]
    assert not Todo.objects.get(pk=todo.pk).done
    assert not ActionEvent.objects.exists()


def test_values_have_the_types_of_the_schema(browser: Client, make_todo: MakeTodo) -> None:
    url = reverse("dj_actions_console:action", args=["todo", "bulk_mark_done"])
    page = browser.post(url, {"object_ids": "7, 8", "note": "all", "run": "samples"})
    assert re.search(r"'ids': \['7', '8'\]", samples(page)["sample-python"])


def test_input_that_is_not_json_is_not_ignored(
    browser: Client, declare: Declare, todo: Todo
) -> None:
    definition = declare(input={"type": "object", "properties": {}}).definition
    url = reverse("dj_actions_console:action", args=[definition.resource, definition.name])
    page = browser.post(url, {"object_ids": todo.pk, "data": "{", "run": "samples"})
    assert page.status_code == 400
    assert "Invalid JSON" in page.content.decode()


def test_a_json_input_is_shown_as_it_is(browser: Client, declare: Declare, todo: Todo) -> None:
    definition = declare(
        input={"type": "object", "properties": {"sizes": {"type": "array"}}}
    ).definition
    url = reverse("dj_actions_console:action", args=[definition.resource, definition.name])
    form = {"object_ids": todo.pk, "data": '{"sizes": [1, null, {"a": 2.5}]}', "run": "samples"}
    found = samples(browser.post(url, form))
    assert '--data \'{"sizes": [1, null, {"a": 2.5}]}\'' in found["sample-run-action"]
