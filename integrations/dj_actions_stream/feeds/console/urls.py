"""The pages of the section; the console includes them."""

from __future__ import annotations

from django.urls import path

from dj_actions_stream.feeds.console.views import FeedsView, FeedView

urlpatterns = [
    path("", FeedsView.as_view(), name="index"),
    path("<str:group>/<str:feed_id>/", FeedView.as_view(), name="feed"),
]
