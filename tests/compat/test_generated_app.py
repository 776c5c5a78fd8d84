"""An app as the templates of dj-actions 0.0.7 leave it: nothing is filled in yet.

Its forms return no object, its registry names its folder from where the project is started, its
bulk action is said to have one result. None of that is a fault of the server.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.compat.project import URLS, Project

REGISTRY = """
from dj_actions.util import STATUS, ACTION_TYPE, enrich_actions

action_list = []
# -- START ACTION REGISTRY -- #
action_list.append(('mark_done', ACTION_TYPE.INSTANCE.value, STATUS.ALPHA.value))
action_list.append(('bulk_count', ACTION_TYPE.BULK.value, STATUS.ALPHA.value))
action_list.append(('bulk_mark_done', ACTION_TYPE.BULK.value, STATUS.ALPHA.value))
# -- END ACTION REGISTRY -- #

base = 'example_app/actions/todo'

initial_registry = {"resource": "todo", "basepath": "", "actions": {}}
ACTIONS = enrich_actions(base, initial_registry, action_list)
"""

FORM = """
from django import forms

from dj_actions.fields import CommaSeparatedCharField
from dj_actions.forms.mixins import ActionFormMixin


class {name}Form(ActionFormMixin, forms.Form):
    action_id = "todo:{id}"

    def get_object(self, pk):
        pass

    def get_stream_message(self, instance):
        return "performed {id} on {{}}".format(instance.pk)

    def save(self, request, pk=None):
        todo = self.get_object(pk)
        meta = {meta}
        return (meta, todo)
"""

DEFINITION = """
---
  title: {id}
  version: 1
  is_live: false
  description: ..
  form: example_app.actions.todo.{id}.form.{name}Form
  # the viewset's serializer, unless another is named
  # serializer: ..
  multiple_results: false
  capabilities: []
  tags: []
  example_payload: {{}}
  examples:
    - name: Basic test case
      description: Check most basic functionality
      payload: {{}}
  commands:
    - name: Test action
      command: python manage.py test example_app.actions.todo.{id}
"""

SCRIPT = """
import json
from pathlib import Path

from django.core.management import call_command

call_command("migrate", run_syncdb=True, verbosity=0)

from rest_framework.test import APIClient
from example_app.models import Todo

Todo.objects.create(pk=7, title="milk")
client = APIClient(raise_request_exception=False)
answers = {}
for method, url in CALLS:
    response = client.generic(method, url, "", content_type="application/json")
    is_json = response["Content-Type"] == "application/json"
    answers[f"{method} {url}"] = [response.status_code, response.json() if is_json else None]
Path("answers.json").write_text(json.dumps(answers))
"""

ONE, MANY, COUNT = (
    "/todos/7/actions/mark_done/",
    "/todos/actions/bulk_mark_done/",
    "/todos/actions/bulk_count/",
)
MISSING = "/todos/None/actions/mark_done/"
"""Where the generated test of the instance action posts: its object is never saved."""

CALLS = [
    *(("POST", url) for url in (ONE, MANY, COUNT, MISSING)),
    *(("GET", url) for url in (ONE, MANY, COUNT, "/todos/actions/list/", "/todos/7/")),
]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What such an app answers."""
    project = Project.start(tmp_path_factory.mktemp("generated"))
    folder = "example_app/actions/todo"
    project.write("example_app/actions/__init__.py", "")
    project.write(f"{folder}/__init__.py", "")
    project.write(f"{folder}/action_registry.py", REGISTRY)
    for name, meta in (("MarkDone", {}), ("BulkMarkDone", {}), ("BulkCount", {"count": 0})):
        values = {"name": name, "id": ACTION_IDS[name], "meta": meta}
        place = f"{folder}/{ACTION_IDS[name]}"
        project.write(f"{place}/__init__.py", "")
        project.write(f"{place}/form.py", FORM.format(**values))
        project.write(f"{place}/definition.yaml", DEFINITION.format(**values))
    project.write("urls.py", URLS.replace('"__all__"', '["title", "status"]'))
    project.write("script.py", f"CALLS = {CALLS!r}\n{SCRIPT}")
    project.manage("shell", "-c", "import script")
    found: dict[str, Any] = json.loads(project.read("answers.json"))
    return found


ACTION_IDS = {
    "MarkDone": "mark_done",
    "BulkMarkDone": "bulk_mark_done",
    "BulkCount": "bulk_count",
}


def test_nothing_of_it_is_a_fault_of_the_server(answers: dict[str, Any]) -> None:
    assert {call: status for call, (status, _) in answers.items() if status >= 500} == {}


def test_its_instance_action_answers_with_the_object(answers: dict[str, Any]) -> None:
    assert answers[f"POST {ONE}"] == [200, {"title": "milk", "status": "N"}]


def test_its_bulk_action_answers_with_no_result(answers: dict[str, Any]) -> None:
    assert answers[f"POST {MANY}"] == [200, {}]


def test_its_bulk_action_may_return_meta_data_alone(answers: dict[str, Any]) -> None:
    assert answers[f"POST {COUNT}"] == [200, {"count": 0}]


def test_an_object_that_is_not_there_is_not_found(answers: dict[str, Any]) -> None:
    assert answers[f"POST {MISSING}"][0] == 404


def test_its_documentation_is_shown(answers: dict[str, Any]) -> None:
    for url in (ONE, MANY, COUNT):
        status, docs = answers[f"GET {url}"]
        assert (status, docs["url"], docs["description"]) == (200, url, "..")
        assert docs["example_response"] == [{"title": "", "status": ""}]


def test_its_actions_are_listed_below_the_viewset(answers: dict[str, Any]) -> None:
    status, listed = answers["GET /todos/actions/list/"]

    assert (status, listed["basepath"]) == (200, "/todos/")
    assert [entry["url"] for entry in listed["bulk_actions"]] == [COUNT, MANY]
    assert [entry["url"] for entry in listed["instance_actions"]] == [
        "/todos/{pk}/actions/mark_done/"
    ]
