"""The URLs that Stream's clients build: host, service, version, path and a trailing slash.

Include them at the root of a site; the clients drop any path prefix of their base URL.
"""

from __future__ import annotations

from django.urls import include, path, re_path

from dj_actions_stream.server import object_urls
from dj_actions_stream.server.views import activities as views
from dj_actions_stream.server.views import changes as change_views
from dj_actions_stream.server.views import feeds_v3
from dj_actions_stream.server.views import follows as follow_views

__all__ = ["urlpatterns"]

feed_id = "<str:slug>/<str:user_id>"
feed = f"feed/{feed_id}/"
targets = f"feed_targets/{feed_id}/activity_to_targets/"

api = [
    path(feed, views.Feed.as_view()),
    path(f"enrich/{feed}", views.EnrichedFeed.as_view()),
    # stream-python writes `follows`, and stream-js `following`.
    path(f"{feed}follows/", follow_views.Following.as_view()),
    path(f"{feed}following/", follow_views.Following.as_view()),
    path(f"{feed}follows/<str:target>/", follow_views.FollowedFeed.as_view()),
    path(f"{feed}following/<str:target>/", follow_views.FollowedFeed.as_view()),
    path(f"{feed}followers/", follow_views.Followers.as_view()),
    path(f"{feed}<str:identifier>/", views.FeedActivity.as_view()),
    path(
        targets,
        change_views.ActivityTargets.as_view(),
    ),
    path("feed/add_to_many/", change_views.ManyFeeds.as_view()),
    path("follow_many/", follow_views.FollowMany.as_view()),
    path("unfollow_many/", follow_views.UnfollowMany.as_view()),
    path("stats/follow/", follow_views.FollowStatistics.as_view()),
    path("activities/", views.Activities.as_view()),
    path("enrich/activities/", views.EnrichedActivities.as_view()),
    path("activity/", change_views.PartialUpdates.as_view()),
    *object_urls.api,
    re_path("", views.NotImplementedEndpoint.as_view()),
]

urlpatterns = [
    path("healthz", views.health),
    path("browser/", include("dj_actions_stream.server.browser.urls")),
    path("api/v1.0/", include(api)),
    re_path("^api/v2/", feeds_v3.FeedsV3.as_view()),
    path("analytics/v1.0/", include(object_urls.analytics)),
    path("personalization/v1.0/", include(object_urls.personalization)),
    re_path("^(?:api|analytics|personalization)/", views.NotImplementedEndpoint.as_view()),
]
"""The API, a health check, and pages for developers."""
