"""Discover all actions, including those declared in the registry of a viewset only."""

from __future__ import annotations

from django.conf import settings
from django.urls import get_resolver


def load_viewsets() -> None:
    """Import the URLconf, and with it the viewsets and their registries.

    Raises:
        Exception: a module of the project raised it when it was imported.
    """
    if getattr(settings, "ROOT_URLCONF", None):
        _ = get_resolver().url_patterns
