"""The pages of feeds: `path("feeds/", include("dj_actions_stream.feeds.urls"))`."""

from __future__ import annotations

from django.urls import path

from dj_actions_stream.feeds.page.views import AtomView, FeedPageView

__all__ = ["app_name", "urlpatterns"]

app_name = "feeds"
"""Namespace of the URLs."""

urlpatterns = [
    path("<str:group>/<str:feed_id>/", FeedPageView.as_view(), name="page"),
    path("<str:group>/<str:feed_id>/atom/", AtomView.as_view(), name="atom"),
]
"""Routes: the page of a feed, and the same as Atom."""
