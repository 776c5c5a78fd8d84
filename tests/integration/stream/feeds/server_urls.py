"""URLs of a project that shows feeds, and of the feeds server, on one site."""

from __future__ import annotations

from django.urls import include, path

from tests.integration.stream.feeds.urls import urlpatterns as project

urlpatterns = [*project, path("", include("dj_actions_stream.server.urls"))]
