"""The API of feeds: `path("api/feeds/", include("dj_actions_stream.feeds.api.urls"))`."""

from __future__ import annotations

from django.urls import path

from dj_actions_stream.feeds.api import views

__all__ = ["app_name", "urlpatterns"]

app_name = "feeds_api"
"""Namespace of the URLs."""

feed = "<str:group>/<str:feed_id>/"

urlpatterns = [
    path("token/", views.TokenView.as_view(), name="token"),
    path(feed, views.FeedView.as_view(), name="feed"),
    path(f"{feed}seen/", views.SeenView.as_view(), name="seen"),
    path(f"{feed}read/", views.ReadView.as_view(), name="read"),
    path(f"{feed}follows/", views.FollowsView.as_view(), name="follows"),
    path(f"{feed}follows/<str:target>/", views.UnfollowView.as_view(), name="unfollow"),
    path(f"{feed}followers/", views.FollowersView.as_view(), name="followers"),
]
"""Routes: token, feed, seen, read, follows and followers."""
