"""The events at their URL of dj-actions 0.0.7: `path("", include(api.router.urls))`."""

from __future__ import annotations

from rest_framework.routers import DefaultRouter

from dj_actions.rest.events import ActionEventViewSet
from dj_actions.rest.serializers import ActionEventSerializer

__all__ = ["ActionEventSerializer", "ActionEventViewSet", "router"]

router = DefaultRouter()
"""Router that serves the events at `actionevents/`."""
router.register("actionevents", ActionEventViewSet, basename="actionevent")
