"""The URLs of the console, and those of todos, which the catalogue shows."""

from __future__ import annotations

from django.urls import include, path
from rest_framework.routers import DefaultRouter

from example.todos.views import TodoViewSet

router = DefaultRouter()
router.register("todos", TodoViewSet)

urlpatterns = [
    path("actions/", include("dj_actions.console.urls")),
    path("api/", include(router.urls)),
]
