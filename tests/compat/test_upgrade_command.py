"""`python -m dj_actions upgrade`: every form of a reference to 0.0.7, and nothing else."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from django.core.management import CommandError, call_command

from dj_actions.compat.upgrade import python_source, yaml_source

CHANGED = {
    "from actions.util import STATUS": "from dj_actions.util import STATUS",
    "from actions.tests.testutils import (\n    a,\n)": (
        "from dj_actions.tests.testutils import (\n    a,\n)"
    ),
    "from actions import util, fields as f": "from dj_actions import util, fields as f",
    "from actions import *": "from dj_actions import *",
    "from \\\n  actions.models import X": "from \\\n  dj_actions.models import X",
    "import os, actions.util as u, sys": "import os, dj_actions.util as u, sys",
    "import actions.util\nx = actions.util.STATUS": (
        "import dj_actions.util\nx = dj_actions.util.STATUS"
    ),
    "import actions\nreload(actions)": "import dj_actions\nreload(dj_actions)",
    "def f():\n    import actions.fields\n    return [actions.fields for _ in x]": (
        "def f():\n    import dj_actions.fields\n    return [dj_actions.fields for _ in x]"
    ),
    'é = import_string("actions.util.STATUS")': 'é = import_string("dj_actions.util.STATUS")',
    "@mock.patch('actions.util.get_action_docs')\ndef f(x): ...": (
        "@mock.patch('dj_actions.util.get_action_docs')\ndef f(x): ..."
    ),
    'x = r"""actions.fields"""': 'x = r"""dj_actions.fields"""',
    'ForeignKey("actions.ActionEvent", CASCADE)': 'ForeignKey("dj_actions.ActionEvent", CASCADE)',
    'apps.get_model("actions", "ActionEvent")': 'apps.get_model("dj_actions", "ActionEvent")',
    'INSTALLED_APPS = ["a", "actions"]': 'INSTALLED_APPS = ["a", "dj_actions"]',
    'INSTALLED_APPS += ("actions",)': 'INSTALLED_APPS += ("dj_actions",)',
    'THIRD_PARTY_APPS: list[str] = ["actions"]': 'THIRD_PARTY_APPS: list[str] = ["dj_actions"]',
    'class Migration(M):\n    dependencies = [("actions", "0001_initial")]': (
        'class Migration(M):\n    dependencies = [("dj_actions", "0001_initial")]'
    ),
    "from actions.util import STATUS  # actions.util\r\nx = 1\r\n": (
        "from dj_actions.util import STATUS  # actions.util\r\nx = 1\r\n"
    ),
}

UNCHANGED = [
    "from .actions import util",
    "from . import actions",
    "from todos.actions.util import x",
    "import todos.actions.util",
    "actions = []\nactions.append(1)",
    "self.actions.util",
    'x = {"actions": {}}',
    'path("actions/list", v)',
    '"todos.actions.util"',
    '"actions.mark_done"',
    '"""See actions.util."""',
    "# from actions.util import STATUS",
    "def actions(): ...",
]

REPORTED = {
    "from actions.todo.form import X": "not of dj-actions 0.0.7",
    "from actions import util, todo": "actions.todo is not of dj-actions 0.0.7",
    "from actions.base import BaseActionMixin": "actions.base is gone",
    "import actions.helpers": "actions.helpers is gone",
    'patch("actions.base.BaseActionMixin")': "is gone",
    "import actions.util\nactions = [1]": "another meaning",
    "import actions.util\ntry: ...\nexcept E as actions: ...": "another meaning",
    "import actions.util\nfrom . import actions": "another meaning",
    'x = ("actions." "util")': "in parts",
    'x = f"actions.util.{name}"': "f-string",
    'run("from actions.util import STATUS")': "among others",
}

YAML = {
    "serializer: actions.api.ActionEventSerializer": (
        "serializer: dj_actions.api.ActionEventSerializer"
    ),
    "form: 'actions.forms.mixins.X'  # actions.util\r\n": (
        "form: 'dj_actions.forms.mixins.X'  # actions.util\r\n"
    ),
    'permissions:\n  - "actions.util.IsIt"\n': 'permissions:\n  - "dj_actions.util.IsIt"\n',
    "a: &x [actions.util, b]\nc: *x\n": "a: &x [dj_actions.util, b]\nc: *x\n",
    "form: todos.actions.form.X": "form: todos.actions.form.X",
    "description: see actions.util": "description: see actions.util",
    "tags: !custom [actions.fields]": "tags: !custom [dj_actions.fields]",
}


@pytest.mark.parametrize("source", CHANGED)
def test_a_reference_in_python_is_changed(source: str) -> None:
    edits = python_source.edits_in(source)

    assert (edits.applied_to(source), edits.findings) == (CHANGED[source], [])


@pytest.mark.parametrize("source", UNCHANGED)
def test_what_only_looks_like_one_is_not(source: str) -> None:
    edits = python_source.edits_in(source)

    assert (edits.applied_to(source), edits.findings) == (source, [])


@pytest.mark.parametrize("source", REPORTED)
def test_what_cannot_be_decided_is_reported_and_not_changed(source: str) -> None:
    edits = python_source.edits_in(source)

    assert edits.applied_to(source) == source
    assert REPORTED[source] in " ".join(entry.message for entry in edits.findings)


def test_a_name_that_is_gone_is_reported_where_the_others_are_changed() -> None:
    source = "from actions.util import STATUS, get_instance_action_path"
    edits = python_source.edits_in(source)

    assert edits.applied_to(source).startswith("from dj_actions.util import")
    assert "get_instance_action_path is gone" in edits.findings[0].message


@pytest.mark.parametrize("source", YAML)
def test_a_value_in_yaml_is_changed(source: str) -> None:
    assert yaml_source.edits_in(source).applied_to(source) == YAML[source]


OLD_PROJECT = {
    "settings.py": """
        from pathlib import Path

        SECRET_KEY = "of this test alone"
        ROOT_URLCONF = "urls"
        ALLOWED_HOSTS = ["testserver"]
        INSTALLED_APPS = [
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "rest_framework",
            "actions",
            "todos",
        ]
        DATABASES = {
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": Path(__file__).with_name("db.sqlite3"),
            }
        }
        DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
        USE_TZ = True
    """,
    "urls.py": """
        import actions.api
        from django.urls import include, path
        from rest_framework.routers import DefaultRouter
        from todos.views import TodoViewSet

        router = DefaultRouter()
        router.register("todos", TodoViewSet)
        urlpatterns = [
            path("", include(router.urls)),
            path("", include(actions.api.router.urls)),
        ]
    """,
    "todos/__init__.py": "",
    "todos/models.py": """
        from django.db import models


        class Todo(models.Model):
            title = models.CharField(max_length=100)
    """,
    "todos/views.py": """
        from actions import mixins
        from rest_framework import serializers, viewsets
        from todos.actions.action_registry import ACTIONS
        from todos.models import Todo


        class TodoSerializer(serializers.ModelSerializer):
            class Meta:
                model = Todo
                fields = "__all__"


        class TodoViewSet(mixins.ActionMixin, viewsets.ModelViewSet):
            queryset = Todo.objects.all()
            serializer_class = TodoSerializer
            action_registry = ACTIONS
    """,
    "todos/actions/__init__.py": "",
    "todos/actions/action_registry.py": """
        from pathlib import Path

        from django.utils.module_loading import import_string

        enrich_actions = import_string("actions.util.enrich_actions")
        ACTIONS = enrich_actions(
            base_path=Path(__file__).parent,
            ACTIONS={"resource": "todo", "basepath": "/todos/", "actions": {}},
            action_list=[("rename", "instance", "alpha")],
        )
    """,
    "todos/actions/rename/__init__.py": "",
    "todos/actions/rename/form.py": """
        from actions.forms.mixins import ActionFormMixin
        from django import forms


        class RenameForm(ActionFormMixin, forms.Form):
            title = forms.CharField()

            @staticmethod
            def get_form(view, request, pk, instance=None):
                form = RenameForm(request.data)
                form.instance = instance
                return form

            def save(self, request, pk):
                self.instance.title = self.cleaned_data["title"]
                self.instance.save()
                return {}, self.instance
    """,
    "todos/actions/rename/definition.yaml": """
        title: Rename
        form: todos.actions.rename.form.RenameForm
        serializer: todos.views.TodoSerializer
        see: actions.util.get_action_docs
    """,
    "todos/tests.py": """
        from unittest import mock

        from actions.tests.testutils import get_bulk_action_url, get_instance_action_url
        from django.test import TestCase
        from todos.models import Todo


        class RenameTest(TestCase):
            @mock.patch("actions.util.get_action_docs", return_value={})
            def test_it(self, _docs):
                todo = Todo.objects.create(title="old")
                url = get_instance_action_url("todos", todo.pk, "rename", context="/")
                response = self.client.post(url, {"title": "new"})
                self.assertEqual(response.json(), {"id": todo.pk, "title": "new"})
    """,
    ".venv/pyvenv.cfg": "",
    ".venv/lib.py": "from actions.util import STATUS\n",
    "env/pyvenv.cfg": "",
    "env/lib.py": "from actions.util import STATUS\n",
}
CHANGED_FILES = {
    *("settings.py", "urls.py", "todos/views.py", "todos/tests.py"),
    *("todos/actions/action_registry.py", "todos/actions/rename/form.py"),
    "todos/actions/rename/definition.yaml",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that uses 0.0.7, with a file of Windows."""
    folder = tmp_path / "project"
    for name, text in OLD_PROJECT.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(dedent(text).lstrip().encode())
    views = folder / "todos/views.py"
    views.write_bytes(b"\xef\xbb\xbf" + views.read_bytes().replace(b"\n", b"\r\n"))
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={"DJANGO_SETTINGS_MODULE": "settings", "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".sqlite3"
    }


def test_a_dry_run_shows_all_and_changes_nothing(project: Path) -> None:
    before = contents(project)
    done = run(project, "-m", "dj_actions", "upgrade", "--dry-run")

    assert (done.returncode, done.stderr) == (0, "")
    assert contents(project) == before
    assert {line[4:] for line in done.stdout.splitlines() if line.startswith("+++ ")} == (
        CHANGED_FILES
    )
    assert "+from dj_actions import mixins" in done.stdout
    assert f"{len(CHANGED_FILES)} of 11 files would be changed." in done.stdout


def test_an_old_project_runs_after_it(project: Path) -> None:
    before = contents(project)
    assert run(project, "-m", "django", "check").returncode == 1
    done = run(project, "-m", "dj_actions", "upgrade")

    assert (done.returncode, done.stderr) == (0, "")
    after = contents(project)
    assert {name for name in before if before[name] != after[name]} == CHANGED_FILES
    for name in CHANGED_FILES:  # nothing but the root has changed
        assert after[name].replace(b"dj_actions", b"actions") == before[name]
    assert run(project, "-m", "django", "makemigrations", "todos").returncode == 0
    tested = run(project, "-m", "django", "test")
    assert tested.returncode == 0, tested.stderr
    again = run(project, "-m", "django", "upgrade_actions", "--dry-run")
    assert "0 of " in again.stdout


def test_only_what_is_named_is_changed(project: Path) -> None:
    done = run(project, "-m", "dj_actions", "upgrade", "urls.py", "todos/actions")

    assert done.returncode == 0
    assert b"dj_actions" in (project / "urls.py").read_bytes()
    assert b"dj_actions" in (project / "todos/actions/rename/form.py").read_bytes()
    assert b"dj_actions" not in (project / "settings.py").read_bytes()


def test_a_link_out_of_the_project_is_not_followed(project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "theirs.py").write_text("from actions.util import STATUS\n")
    (project / "linked").symlink_to(outside)
    (project / "theirs.py").symlink_to(outside / "theirs.py")
    run(project, "-m", "dj_actions", "upgrade")

    assert "dj_actions" not in (outside / "theirs.py").read_text()


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("actions/__init__.py", "", "has the same name as the package of dj-actions 0.0.7"),
        ("actions.py", "", "has the same name as the package of dj-actions 0.0.7"),
    ],
)
def test_a_project_with_a_package_of_that_name_is_refused(
    project: Path, file: str, text: str, reason: str
) -> None:
    (project / file).parent.mkdir(exist_ok=True)
    (project / file).write_text(text)
    before = contents(project)
    done = run(project, "-m", "dj_actions", "upgrade")

    assert (done.returncode, reason in done.stderr) == (1, True)
    assert contents(project) == before


def test_a_file_that_cannot_be_read_is_reported_and_the_others_are_changed(project: Path) -> None:
    (project / "old.py").write_text("print 'actions.util'\n")
    (project / "latin.py").write_bytes(b"x = '\xe9'\nfrom actions.util import STATUS\n")
    (project / "broken.yaml").write_text("a: [")
    (project / "deep.py").write_text("x = " + "(" * 100_000)
    (project / "deeper.py").write_text("x = " + "-" * 50_000 + "1")
    (project / "deep.yaml").write_text("[" * 20_000)
    os.mkfifo(project / "pipe.py")
    done = run(project, "-m", "dj_actions", "upgrade")

    assert done.returncode == 0
    for name in ("old.py", "latin.py", "broken.yaml", "deep.py", "deeper.py", "deep.yaml"):
        assert f"{name}:1: This file cannot be read" in done.stdout
    assert b"dj_actions" in (project / "urls.py").read_bytes()


def test_an_encoding_is_kept(project: Path) -> None:
    source = "# coding: latin-1\nx = 'é'; import actions.util as u\n"
    (project / "latin.py").write_bytes(source.encode("latin-1"))
    run(project, "-m", "dj_actions", "upgrade", "latin.py")

    new = source.replace("actions", "dj_actions").encode("latin-1")
    assert (project / "latin.py").read_bytes() == new


@pytest.mark.parametrize(
    ("path", "reason"),
    [("nowhere", "nowhere does not exist"), ("notes.txt", "neither a Python nor a YAML file")],
)
def test_a_wrong_path_is_an_error_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").touch()
    with pytest.raises(CommandError, match=reason):
        call_command("upgrade_actions", path, stdout=io.StringIO())
