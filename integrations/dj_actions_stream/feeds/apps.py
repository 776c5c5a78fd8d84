"""The app's configuration."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks

from dj_actions_stream.feeds.checks import check_publisher, check_rules


class FeedsConfig(AppConfig):
    """Pages, template tags and checks of feeds."""

    name = "dj_actions_stream.feeds"
    label = "stream_feeds"
    verbose_name = "Activity feeds"

    def ready(self) -> None:
        """Register the system checks."""
        checks.register(check_rules)
        checks.register(check_publisher)
