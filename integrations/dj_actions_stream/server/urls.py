"""The addresses, as Stream's clients build them: host, service, version, path, a slash at the end.

Include them at the root of a site; the clients drop every path prefix of their base URL.
"""

from __future__ import annotations

from django.urls import include, path, re_path

from dj_actions_stream.server import views

feed = "feed/<str:slug>/<str:user_id>/"

api = [
    path(feed, views.Feed.as_view()),
    path(f"enrich/{feed}", views.EnrichedFeed.as_view()),
    path(f"{feed}follows/", views.Unserved.as_view()),
    path(f"{feed}followers/", views.Unserved.as_view()),
    path(f"{feed}<str:identifier>/", views.FeedActivity.as_view()),
    path("activities/", views.Activities.as_view()),
    path("enrich/activities/", views.Activities.as_view()),
    re_path("", views.Unserved.as_view()),
]

urlpatterns = [
    path("healthz", views.health),
    path("api/v1.0/", include(api)),
    re_path("^(?:api|analytics|personalization)/", views.Unserved.as_view()),
]
