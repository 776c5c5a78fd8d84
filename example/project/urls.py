"""URLs of the todo project."""

from __future__ import annotations

import os

from django.contrib import admin
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.authtoken.views import obtain_auth_token
from rest_framework.routers import DefaultRouter

from example.todos.views import TodoViewSet

router = DefaultRouter()
router.register("todos", TodoViewSet)


def healthz(_request: HttpRequest) -> JsonResponse:
    """Respond with 200 if the database is reachable."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


urlpatterns = [
    path("admin/", admin.site.urls),
    path("actions/", include("dj_actions.console.urls")),
    path("healthz", healthz),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/", include("dj_actions.urls")),
    path("auth/token/", obtain_auth_token),
    path("auth/", include("rest_framework.urls")),
    path("", include(router.urls)),
]
if "STREAM_API_KEY" in os.environ:
    urlpatterns += [
        path("feeds/", include("dj_actions_stream.feeds.urls")),
        path("api/feeds/", include("dj_actions_stream.feeds.api.urls")),
    ]
