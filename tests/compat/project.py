"""A Django project in a folder of its own, as somebody starts one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

MANAGE = """
import os
import sys

from django.core.management import execute_from_command_line

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
execute_from_command_line(sys.argv)
"""

SETTINGS = """
from pathlib import Path

BASE_DIR = Path(__file__).parent
SECRET_KEY = "of this test alone"
ALLOWED_HOSTS = ["testserver"]
ROOT_URLCONF = "urls"
USE_TZ = True
STATIC_URL = "static/"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "rest_framework",
    "dj_actions",
    "example_app",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True},
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "db.sqlite3",
        "OPTIONS": {"transaction_mode": "IMMEDIATE"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""

URLS = """
from rest_framework import routers, serializers, viewsets

from dj_actions.mixins import ActionMixin
from example_app.actions.todo.action_registry import ACTIONS
from example_app.models import Todo


class TodoSerializer(serializers.ModelSerializer):
    class Meta:
        model = Todo
        fields = "__all__"


class TodoViewSet(ActionMixin, viewsets.ModelViewSet):
    queryset = Todo.objects.all()
    serializer_class = TodoSerializer
    action_registry = ACTIONS


router = routers.DefaultRouter()
router.register("todos", TodoViewSet)
urlpatterns = router.urls
"""
"""The URLs of the todos, with the actions of their registry."""

MODELS = """
from django.db import models


class Todo(models.Model):
    owner = models.CharField(max_length=30, blank=True)
    title = models.CharField(max_length=30)
    status = models.CharField(max_length=1, default="N")
"""

OURS = frozenset({"VIRTUAL_ENV", "PYTHONPATH", "DJANGO_SETTINGS_MODULE", "DATABASE_URL"})
"""Variables of this run, which a project has not."""


@dataclass(frozen=True, slots=True)
class Project:
    """A Django project with the app `example_app` and its model Todo, on SQLite."""

    folder: Path

    @classmethod
    def start(cls, folder: Path) -> Project:
        """Write a project into a folder."""
        project = cls(folder)
        project.write("manage.py", MANAGE)
        project.write("settings.py", SETTINGS)
        project.write("urls.py", "urlpatterns = []")
        project.write("example_app/__init__.py", "")
        project.write("example_app/models.py", MODELS)
        return project

    def copy(self, folder: Path) -> Project:
        """Return a copy of the project, to be changed."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Project(folder)

    def write(self, path: str, content: str) -> None:
        """Write a file, and the folders it lies in."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(content).lstrip("\n"), encoding="utf-8")

    def read(self, path: str) -> str:
        """Return what a file holds."""
        return (self.folder / path).read_text(encoding="utf-8")

    def append(self, path: str, content: str) -> None:
        """Add to a file."""
        self.write(path, self.read(path) + dedent(content))

    def run(
        self, *arguments: str, cwd: Path | None = None, stdin: int = subprocess.DEVNULL
    ) -> subprocess.CompletedProcess[str]:
        """Run a management command.

        Args:
            arguments: the command's name, and what it is given.
            cwd: where it is run; by default in the project's folder.
            stdin: what it reads from; by default nothing answers.
        """
        return subprocess.run(
            [sys.executable, "-W", "error", str(self.folder / "manage.py"), *arguments],
            cwd=cwd or self.folder,
            env={name: value for name, value in os.environ.items() if name not in OURS},
            stdin=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def manage(
        self, *arguments: str, cwd: Path | None = None, stdin: int = subprocess.DEVNULL
    ) -> str:
        """Run a management command that must succeed, and return what it printed."""
        done = self.run(*arguments, cwd=cwd, stdin=stdin)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def files(self) -> dict[str, str]:
        """Return path → content of all that was written by people or commands."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return {
            str(path.relative_to(self.folder)): path.read_text(encoding="utf-8")
            for path in found
            if "__pycache__" not in path.parts and path.suffix != ".sqlite3"
        }
