"""The URLs of users, collections, reactions, open graph data, analytics and personalization."""

from __future__ import annotations

from django.urls import path

from dj_actions_stream.server.views import collections as collection_views
from dj_actions_stream.server.views import people as people_views
from dj_actions_stream.server.views import reactions as reaction_views
from dj_actions_stream.server.views import tracking as tracking_views
from dj_actions_stream.server.views.open_graph import OpenGraph

reactions = reaction_views.Reactions.as_view()

api = [
    path("user/", people_views.NewUser.as_view()),
    path("user/<str:user_id>/", people_views.UserById.as_view()),
    path("users/", people_views.Users.as_view()),
    path("collections/", collection_views.Collections.as_view()),
    path("collections/<str:collection>/", collection_views.Collection.as_view()),
    path("collections/<str:collection>/<str:entry_id>/", collection_views.EntryById.as_view()),
    path("reaction/", reaction_views.NewReaction.as_view()),
    path("reaction/<str:reaction_id>/", reaction_views.ReactionById.as_view()),
    path("reaction/<str:reaction_id>/restore/", reaction_views.RestoredReaction.as_view()),
    path("reaction/<str:lookup>/<str:value>/", reactions),
    path("reaction/<str:lookup>/<str:value>/<str:kind>/", reactions),
    path("og/", OpenGraph.as_view()),
    path("enrich/personalization/feed/", tracking_views.PersonalizedFeed.as_view()),
]
analytics = [
    path("engagement/", tracking_views.Engagements.as_view()),
    path("impression/", tracking_views.Impressions.as_view()),
]
personalization = [path("<path:resource>/", tracking_views.Personalization.as_view())]
