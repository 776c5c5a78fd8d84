"""The URLs that Stream's clients build: host, service, version, path and a trailing slash.

Include them at the root of a site; the clients drop any path prefix of their base URL.
"""

from __future__ import annotations

from django.urls import include, path, re_path

from dj_actions_stream.server import object_urls, views

feed = "feed/<str:slug>/<str:user_id>/"

api = [
    path(feed, views.Feed.as_view()),
    path(f"enrich/{feed}", views.EnrichedFeed.as_view()),
    path(f"{feed}follows/", views.NotImplementedEndpoint.as_view()),
    path(f"{feed}followers/", views.NotImplementedEndpoint.as_view()),
    path(f"{feed}<str:identifier>/", views.FeedActivity.as_view()),
    path("activities/", views.Activities.as_view()),
    path("enrich/activities/", views.EnrichedActivities.as_view()),
    *object_urls.api,
    re_path("", views.NotImplementedEndpoint.as_view()),
]

urlpatterns = [
    path("healthz", views.health),
    path("api/v1.0/", include(api)),
    path("analytics/v1.0/", include(object_urls.analytics)),
    path("personalization/v1.0/", include(object_urls.personalization)),
    re_path("^(?:api|analytics|personalization)/", views.NotImplementedEndpoint.as_view()),
]
