"""The README of dj-actions 0.0.7, followed step by step with the import root replaced."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.compat.project import Project

UPGRADING = Path(__file__).resolve().parents[2] / "docs/upgrading.md"

REGISTRY = """
from actions.util import (
    STATUS,
    ACTION_TYPE,
    # get_action_docs,
    enrich_actions
)

action_list = []
## -- START ACTION REGISTRY -- ##
action_list.append(('mark_done', ACTION_TYPE.INSTANCE.value, STATUS.ALPHA.value))
## -- END ACTION REGISTRY -- ##

# this is the abolsute path to the base of your app:
# dj-actions uses this to locate your action directory
base = '/code/example_app/'

# convention over configuration
# this will load your actions configurations from
initial_registry = { "resource": "todo", "basepath": "/todos/", "actions": {} }
ACTIONS = enrich_actions(
    base,
    initial_registry,
    action_list
)
"""
"""The README's own code: its step 2."""

VIEWS = """
from rest_framework import routers, serializers, viewsets

from actions.mixins import ActionMixin
from actions.actions.action_registry import ACTIONS
from actions.models import EventAction


class EventActionViewSet(ActionMixin, viewsets.ModelViewSet):
    queryset = EventAction.objects.all()
    serializer_class = TodoSerializer
    action_registry = ACTIONS


router = routers.DefaultRouter()
router.register(r'todos', TodoViewSet)
"""
"""The README's own code: how a viewset gets its actions."""

USERS_VIEWS = """
# What the README's code takes for granted: the project's own serializer and viewset.
from rest_framework import serializers, viewsets

from example_app.actions.action_registry import ACTIONS as TODO_ACTIONS
from example_app.models import Todo
from actions.mixins import ActionMixin


class TodoSerializer(serializers.ModelSerializer):
    class Meta:
        model = Todo
        fields = "__all__"


class TodoViewSet(ActionMixin, viewsets.ModelViewSet):
    queryset = Todo.objects.all()
    serializer_class = TodoSerializer
    action_registry = TODO_ACTIONS


"""

DEFINITION = """
---
  title: mark_done
  version: 1
  is_live: false
  description: Marks a todo as done
  form: example_app.actions.mark_done.form.MarkDoneForm
  multiple_results: false
  capabilities: []
  tags: []
  example_payload: {}
  examples:
    - name: Basic test case
      description: Check most basic functionality
      payload: {}
  commands:
    - name: Test action
      command: python manage.py test example_app
"""

FORM = """
from django import forms

from actions.fields import CommaSeparatedCharField
from actions.forms.mixins import ActionFormMixin
from example_app.models import Todo


class MarkDoneForm(ActionFormMixin, forms.Form):
    action_id = "todo:mark_done"
    notify = CommaSeparatedCharField(required=False)

    def get_object(self, pk):
        return Todo.objects.get(pk=pk)

    def get_stream_message(self, instance):
        return "performed mark_done on {}".format(instance.title)

    def save(self, request, pk=None):
        todo = self.get_object(pk)
        todo.status = "D"
        todo.save()
        return ({"notified": len(self.cleaned_data["notify"])}, todo)
"""

USERS_TESTS = """
from django.contrib.auth import get_user_model
from django.test import TestCase

from actions.models import ActionEvent
from actions.tests.testutils import (
    assert_in_registry,
    get_bulk_action_url,
    get_instance_action_url,
)
from actions.util import get_action_form
from example_app.actions.action_registry import ACTIONS
from example_app.models import Todo


class MarkDoneTestCase(TestCase):
    def setUp(self):
        self.todo = Todo.objects.create(title="milk")
        self.url = get_instance_action_url("todos", self.todo.pk, "mark_done")

    def test_registry(self):
        assert_in_registry(self.client, "todos", [], ["mark_done"])

    def test_docs(self):
        docs = self.client.get(self.url).json()
        self.assertEqual(docs["title"], "mark_done")
        self.assertEqual(docs["url"], self.url)
        self.assertEqual([field["name"] for field in docs["fields"]], ["notify"])

    def test_api(self):
        response = self.client.post(self.url, {"notify": "ann, bob"})
        self.assertEqual(
            response.json(),
            {"id": self.todo.pk, "owner": "", "title": "milk", "status": "D", "notified": 2},
        )
        event = ActionEvent.objects.get()
        self.assertEqual(event.action_id, "mark_done")
        self.assertEqual(event.summary, "performed mark_done on milk")

    def test_form(self):
        form = get_action_form(ACTIONS, "mark_done")({})
        self.assertTrue(form.is_valid())
        meta, todo = form.save(None, self.todo.pk)
        self.assertEqual((meta, todo.status), ({"notified": 0}, "D"))

    def test_events(self):
        self.client.post(self.url)
        url = get_bulk_action_url("events", "archive_actions")
        self.assertEqual(self.client.post(url).status_code, 403)
        get_user_model().objects.create_superuser("joe", password="test")
        self.client.login(username="joe", password="test")
        answer = self.client.post(url, {"delete_before": "2999-01-01"}).json()
        self.assertEqual(answer, {"meta": {"count": 1, "has_more": False}, "results": []})
"""

URLS = """
from django.urls import include, path

from example_app.views import EventActionViewSet, router

router.register("events", EventActionViewSet)
urlpatterns = [path("", include(router.urls))]
"""


PUBLISHING = """
from settings import *

DJ_ACTIONS = {
    "PUBLISHERS": {
        "console": {
            "BACKEND": "dj_actions.publishers.console.ConsolePublisher",
            "ROUTES": ["todo.mark_done"],
        }
    }
}
"""


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which somebody has done what the README says, and then moved over."""
    project = Project.start(tmp_path_factory.mktemp("readme"))
    project.manage("start_actions", "example_app", "--resource", "Todo", "--path", "/todos/")
    base = f"{project.folder}/example_app/"
    registry = REGISTRY.replace("/code/example_app/", base)
    project.write("example_app/actions/action_registry.py", registry)
    project.write("example_app/actions/mark_done/definition.yaml", DEFINITION)
    project.write("example_app/actions/mark_done/form.py", FORM)
    project.write("example_app/views.py", USERS_VIEWS + VIEWS)
    project.write("example_app/tests.py", USERS_TESTS)
    project.write("urls.py", URLS)
    replace_import_root(project)
    project.manage("migrate", "--run-syncdb", "--verbosity", "0")
    return project


def replace_import_root(project: Project) -> None:
    """Do what `docs/upgrading.md` says, by its own command."""
    page = UPGRADING.read_text(encoding="utf-8")
    (arguments,) = re.findall(r"^ +\$ python (-m dj_actions upgrade)$", page, re.MULTILINE)
    subprocess.run([sys.executable, *arguments.split()], cwd=project.folder, check=True)


def test_the_readme_works(followed: Project) -> None:
    followed.manage("check", "--fail-level", "WARNING")
    tests = followed.run("test")

    assert tests.returncode == 0, tests.stderr
    assert "Ran 5 tests" in tests.stderr


def test_actions_of_a_registry_are_known_to_the_checks(followed: Project) -> None:
    followed.write("publishing.py", PUBLISHING)

    followed.manage(
        *("check", "--tag", "dj_actions", "--fail-level", "WARNING"), "--settings", "publishing"
    )


def test_actions_of_a_registry_run_from_the_command_line(followed: Project) -> None:
    code = "from example_app.models import Todo; Todo.objects.create(pk=7, title='milk')"
    followed.manage("shell", "-c", code)
    data = json.dumps({"notify": "ann"})
    printed = followed.manage("run_action", "todo", "mark_done", "--pk", "7", "--data", data)

    assert json.loads(printed) == {"id": 7, "notified": 1}
