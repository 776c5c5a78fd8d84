"""One URL prefix per candidate, so that none pays for the routes of another."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path
from rest_framework.routers import DefaultRouter
from rest_framework.viewsets import ModelViewSet

from benchmarks.request.views import (
    ByHandTodoViewSet,
    CarefulTodoViewSet,
    PlainTodoViewSet,
    ProcrastinateTodoViewSet,
)
from example.todos.models import Todo
from example.todos.views import TodoViewSet


def _routes(viewset: type[ModelViewSet[Todo]]) -> list[URLPattern | URLResolver]:
    router = DefaultRouter()
    router.register("todos", viewset)
    return router.urls


urlpatterns = [
    path("plain/", include(_routes(PlainTodoViewSet))),
    path("careful/", include(_routes(CarefulTodoViewSet))),
    path("by_hand/", include(_routes(ByHandTodoViewSet))),
    path("dj_actions/", include(_routes(TodoViewSet))),
    path("procrastinate/", include(_routes(ProcrastinateTodoViewSet))),
]
