"""The read API: `path("api/", include("dj_actions.urls"))` serves `api/action-events/`."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from dj_actions.rest.events import ActionEventViewSet

__all__ = ["app_name", "urlpatterns"]

app_name = "dj_actions"
"""Namespace of the URLs."""

router = SimpleRouter()
router.register("action-events", ActionEventViewSet, basename="event")

urlpatterns = router.urls
"""Routes of the events: list, detail and the events' own actions."""
