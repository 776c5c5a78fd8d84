"""URLs of a project that shows feeds."""

from __future__ import annotations

from django.urls import include, path

from example.project.urls import urlpatterns as example

urlpatterns = [
    path("api/feeds/", include("dj_actions_stream.feeds.api.urls")),
    path("feeds/", include("dj_actions_stream.feeds.urls")),
    *example,
]
