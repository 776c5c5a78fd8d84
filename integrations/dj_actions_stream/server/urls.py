"""The URLs that Stream's clients build: host, service, version, path and a trailing slash.

Include them at the root of a site; the clients drop any path prefix of their base URL.
"""

from __future__ import annotations

from django.urls import include, path, re_path

from dj_actions_stream.server import follow_views, views

target_feed = "<str:slug>/<str:user_id>/"
feed = f"feed/{target_feed}"
feed_pattern = "^feed/(?P<slug>[^/]+)/(?P<user_id>[^/]+)/"

api = [
    path(feed, views.Feed.as_view()),
    path(f"enrich/{feed}", views.EnrichedFeed.as_view()),
    # stream-js writes `following` where stream-python writes `follows`.
    re_path(f"{feed_pattern}(?:follows|following)/$", follow_views.Following.as_view()),
    re_path(
        f"{feed_pattern}(?:follows|following)/(?P<target>[^/]+)/$",
        follow_views.FollowedFeed.as_view(),
    ),
    path(f"{feed}followers/", follow_views.Followers.as_view()),
    path(f"{feed}<str:identifier>/", views.FeedActivity.as_view()),
    path(f"feed_targets/{target_feed}activity_to_targets/", views.ActivityTargets.as_view()),
    path("feed/add_to_many/", views.ManyFeeds.as_view()),
    path("follow_many/", follow_views.FollowMany.as_view()),
    path("unfollow_many/", follow_views.UnfollowMany.as_view()),
    path("stats/follow/", follow_views.FollowStatistics.as_view()),
    path("activities/", views.Activities.as_view()),
    path("enrich/activities/", views.EnrichedActivities.as_view()),
    path("activity/", views.PartialUpdates.as_view()),
    re_path("", views.NotImplementedEndpoint.as_view()),
]

urlpatterns = [
    path("healthz", views.health),
    path("browser/", include("dj_actions_stream.server.browser.urls")),
    path("api/v1.0/", include(api)),
    re_path("^(?:api|analytics|personalization)/", views.NotImplementedEndpoint.as_view()),
]
