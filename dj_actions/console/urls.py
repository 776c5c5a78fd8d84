"""URLs of the console: `path("actions/", include("dj_actions.console.urls"))`."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path

from dj_actions.console.sections import sections
from dj_actions.console.views.actions_log import ActionsExportView, ActionsLogView
from dj_actions.console.views.catalogue import ActionPageView, CatalogueView
from dj_actions.console.views.current import CurrentView
from dj_actions.console.views.dead_letters import DeadLettersView
from dj_actions.console.views.deliveries import ActView, DeliveriesView
from dj_actions.console.views.events import CloudEventView, EventTestView, EventView
from dj_actions.console.views.live import LiveView
from dj_actions.console.views.objects import ObjectView
from dj_actions.console.views.overview import OverviewView
from dj_actions.console.views.publishers import PublishersView, PublisherView
from dj_actions.console.views.run_acts import RunActView
from dj_actions.console.views.runs import RunsView
from dj_actions.console.views.search import SearchView
from dj_actions.operations.delivery_changes import CHANGES

__all__ = ["app_name", "urlpatterns"]

app_name = "dj_actions_console"
"""Namespace of the URLs."""

urlpatterns: list[URLPattern | URLResolver] = [
    path("", OverviewView.as_view(), name="overview"),
    path("log/", ActionsLogView.as_view(), name="actions"),
    re_path(r"^log/export\.(?P<file_format>csv|json)$", ActionsExportView.as_view(), name="export"),
    path("objects/", ObjectView.as_view(), name="object"),
    path("events/<uuid:event_id>/", EventView.as_view(), name="event"),
    path("events/<uuid:event_id>/cloudevent.json", CloudEventView.as_view(), name="cloudevent"),
    path("events/<uuid:event_id>/test.txt", EventTestView.as_view(), name="event_test"),
    path("deliveries/", DeliveriesView.as_view(), name="deliveries"),
    re_path(rf"^deliveries/(?P<name>{'|'.join(CHANGES)})/$", ActView.as_view(), name="act"),
    path("deliveries/<int:delivery_id>/current/", CurrentView.as_view(), name="current"),
    path("dead-letters/", DeadLettersView.as_view(), name="dead_letters"),
    path("publishers/", PublishersView.as_view(), name="publishers"),
    path("publishers/<path:alias>/", PublisherView.as_view(), name="publisher"),
    path("catalogue/", CatalogueView.as_view(), name="catalogue"),
    path("catalogue/<str:resource>/<str:name>/", ActionPageView.as_view(), name="action"),
    path("runs/", RunsView.as_view(), name="runs"),
    path("runs/<str:name>/", RunActView.as_view(), name="run_act"),
    path("live/", LiveView.as_view(), name="live"),
    path("search/", SearchView.as_view(), name="search"),
    *(
        path(f"{section.name}/", include((section.urls, section.name), namespace=section.name))
        for section in sections()
    ),
]
"""Pages of the console."""
