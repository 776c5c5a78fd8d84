"""New actions fit what the project's URLs serve already."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from django.apps import apps
from django.core.management.base import CommandError
from pytest_django import Settings
from rest_framework import serializers
from rest_framework.routers import DefaultRouter
from rest_framework.viewsets import ModelViewSet

from dj_actions.mixins import ActionMixin
from tests.integration.scaffolding.conftest import ScratchApp

ServeTasks = Callable[..., None]


@pytest.fixture
def serve_tasks(scratch: ScratchApp, settings: Settings) -> ServeTasks:
    """Return a function that serves a viewset of Task at `/api/jobs/`."""

    def serve_tasks(fields: Any = "__all__", **attributes: Any) -> None:
        model = apps.get_model(scratch.label, "Task")
        meta = type("Meta", (), {"model": model, "fields": fields})
        serializer = type("TaskSerializer", (serializers.ModelSerializer,), {"Meta": meta})
        defaults = {"queryset": model._default_manager.all(), "serializer_class": serializer}
        viewset = type("TaskViewSet", (ActionMixin, ModelViewSet), defaults | attributes)
        router = DefaultRouter()
        router.register("api/jobs", viewset)
        urls = ModuleType("urls_of_tasks")
        urls.urlpatterns = router.urls  # type: ignore[attr-defined]  # what Django looks for
        settings.ROOT_URLCONF = urls

    return serve_tasks


def api_test(scratch: ScratchApp) -> str:
    return (scratch.action() / "tests" / "test_api.py").read_text()


def test_the_path_of_the_models_viewset_is_proposed(
    scratch: ScratchApp, serve_tasks: ServeTasks
) -> None:
    serve_tasks()

    with pytest.raises(CommandError, match=r"--path \(perhaps /api/jobs/\)"):
        scratch.create(path=None)


def test_a_name_that_the_viewset_uses_is_refused(
    scratch: ScratchApp, serve_tasks: ServeTasks
) -> None:
    serve_tasks(archive=lambda *_: None)

    with pytest.raises(CommandError, match="have an attribute 'archive'"):
        scratch.create("archive", path="/api/jobs/")
    assert not scratch.registry.exists()


def test_a_viewset_that_has_the_registry_is_not_explained(
    scratch: ScratchApp, serve_tasks: ServeTasks
) -> None:
    serve_tasks()
    assert "action_registry = ACTIONS" in scratch.create("first", path="/api/jobs/")

    registry = {"resource": "task", "basepath": "/api/jobs/", "actions": {}}
    serve_tasks(action_registry=registry)
    assert "action_registry = ACTIONS" not in scratch.create("second", path="/api/jobs/")


def test_the_test_uses_the_viewsets_own_lookup(
    scratch: ScratchApp, serve_tasks: ServeTasks
) -> None:
    serve_tasks(lookup_field="title")

    scratch.create(path="/api/jobs/")

    assert 'get_instance_action_url("api/jobs", self.task.title, "mark_done")' in api_test(scratch)


@pytest.mark.parametrize(
    ("fields", "is_compared"), [("__all__", True), (["id", "title"], True), (["title"], False)]
)
def test_the_test_compares_the_key_only_if_responses_show_it(
    scratch: ScratchApp, serve_tasks: ServeTasks, fields: Any, *, is_compared: bool
) -> None:
    serve_tasks(fields)

    scratch.create(path="/api/jobs/")

    assert ('response.json()["id"] == self.task.pk' in api_test(scratch)) is is_compared


def test_urls_that_name_a_registry_to_be_written_are_no_hindrance(
    scratch: ScratchApp, settings: Settings
) -> None:
    (scratch.path / "urls.py").write_text(
        f"from {scratch.name}.actions.task.action_registry import ACTIONS\n\nurlpatterns = []\n"
    )
    settings.ROOT_URLCONF = f"{scratch.name}.urls"

    scratch.create()

    assert scratch.registry.exists()


def test_the_path_of_another_models_viewset_is_refused(
    scratch: ScratchApp, serve_tasks: ServeTasks
) -> None:
    serve_tasks()

    with pytest.raises(CommandError, match="serves Task, not Client"):
        scratch.start(resource="Client", path="/api/jobs/")
