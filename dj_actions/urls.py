"""The read API and the hints: `path("api/", include("dj_actions.urls"))`.

It serves `api/action-events/`, and `api/remote-runs/hint/` for signed hints of a destination.
"""

from __future__ import annotations

from django.urls import path
from rest_framework.routers import SimpleRouter

from dj_actions.rest.events import ActionEventViewSet
from dj_actions.rest.remote_hints import hint

__all__ = ["app_name", "urlpatterns"]

app_name = "dj_actions"
"""Namespace of the URLs."""

router = SimpleRouter()
router.register("action-events", ActionEventViewSet, basename="event")

urlpatterns = [*router.urls, path("remote-runs/hint/", hint, name="remote-run-hint")]
"""Routes of the events: list, detail and the events' own actions; and of the hints."""
