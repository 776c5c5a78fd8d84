"""URLs of the suite."""

from __future__ import annotations

from example.project.urls import urlpatterns

__all__ = ["urlpatterns"]
