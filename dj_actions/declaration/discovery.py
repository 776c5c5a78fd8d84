"""Make all actions known, also those that only a viewset names."""

from __future__ import annotations

from django.conf import settings
from django.urls import get_resolver


def load_viewsets() -> None:
    """Import the URLs: with them come the viewsets, and the registries they name.

    Raises:
        Exception: whatever a module of the project raises when it is imported.
    """
    if getattr(settings, "ROOT_URLCONF", None):
        _ = get_resolver().url_patterns
