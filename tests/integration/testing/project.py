"""A small Django project in a folder of its own, as a user of DJ Actions has one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

FILES = {
    "pytest.ini": """
[pytest]
DJANGO_SETTINGS_MODULE = settings
addopts = -p no:cacheprovider -p no:randomly -p no:schemathesis -p no:hypothesispytest -p no:xdist
filterwarnings = error
""",
    "manage.py": """
import os
from django.core.management import execute_from_command_line

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
execute_from_command_line()
""",
    "settings.py": """
INSTALLED_APPS = [
    "django.contrib.auth", "django.contrib.contenttypes", "rest_framework", "dj_actions", "todos",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": ":memory:",
        "OPTIONS": {"transaction_mode": "IMMEDIATE"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SECRET_KEY = "of this test alone"
USE_TZ = True
ROOT_URLCONF = "urls"
DJ_ACTIONS = {
    "PUBLISHERS": {
        "feeds": {
            "BACKEND": "dj_actions.publishers.memory.MemoryPublisher",
            "ROUTES": ["todo.*"],
        },
    },
}
""",
    "urls.py": """
from rest_framework.routers import DefaultRouter
from todos.views import TodoViewSet

router = DefaultRouter()
router.register("todos", TodoViewSet)
urlpatterns = router.urls
""",
    "todos/__init__.py": "",
    "todos/models.py": """
from django.conf import settings
from django.db import models


class Todo(models.Model):
    title = models.CharField(max_length=200)
    done = models.BooleanField(default=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)

    def __str__(self):
        return self.title
""",
    "todos/actions.py": """
from dj_actions.action import Action, register
from rest_framework.permissions import IsAuthenticated
from todos.models import Todo


@register
class MarkDone(Action):
    \"\"\"Mark one todo as done.\"\"\"

    model = Todo
    permissions = [IsAuthenticated]

    def perform(self, context, data):
        context.object.done = True
        context.object.save(update_fields=["done"])
        context.emit(summary=f"{context.actor} finished {context.object}")
""",
    "todos/views.py": """
from dj_actions.mixins import ActionMixin
from rest_framework.serializers import ModelSerializer
from rest_framework.viewsets import ModelViewSet
from todos.models import Todo


class TodoSerializer(ModelSerializer):
    class Meta:
        model = Todo
        fields = ["id", "title", "done"]


class TodoViewSet(ActionMixin, ModelViewSet):
    queryset = Todo.objects.order_by("pk")
    serializer_class = TodoSerializer
    authentication_classes = []
""",
}
"""Path in the project → content."""

OURS = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "PYTHONPATH", "PYTEST_ADDOPTS", "PYTEST_PLUGINS")
"""Variables of this run that would lead the other one astray."""


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Put files into a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


def run(folder: Path, *arguments: str) -> str:
    """Run Python in a folder, expect it to end well, and return all it has printed."""
    clean = {name: value for name, value in os.environ.items() if name not in OURS}
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder,
        env=clean,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
