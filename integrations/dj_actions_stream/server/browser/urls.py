"""The URLs of the pages."""

from __future__ import annotations

from django.urls import path

from dj_actions_stream.server.browser import pages

app_name = "feeds_server"

urlpatterns = [
    path("", pages.overview, name="overview"),
    path("feeds/<str:slug>/<str:user_id>/", pages.feed, name="feed"),
    path("activities/<uuid:activity_id>/", pages.activity, name="activity"),
    path("tokens/", pages.tokens, name="tokens"),
]
