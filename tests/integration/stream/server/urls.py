"""The feeds server at the root, where the clients look for it."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("dj_actions_stream.server.urls"))]
