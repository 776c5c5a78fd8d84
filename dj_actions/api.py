"""The events at their URL of dj-actions 0.0.7: `path("", include(api.router.urls))`."""

from __future__ import annotations

from rest_framework.routers import DefaultRouter

from dj_actions.rest.events import ActionEventViewSet

__all__ = ["ActionEventViewSet", "router"]

router = DefaultRouter()
"""Router that serves the events at `actionevents/`."""
router.register("actionevents", ActionEventViewSet, basename="actionevent")
