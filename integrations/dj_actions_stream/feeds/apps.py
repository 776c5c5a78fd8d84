"""The app's configuration."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.core import checks

from dj_actions_stream.feeds.checks import check_publisher, check_rules


class FeedsConfig(AppConfig):
    """Pages, template tags and checks of feeds."""

    name = "dj_actions_stream.feeds"
    label = "stream_feeds"
    verbose_name = "Activity feeds"
    dj_actions_setting = "DJ_ACTIONS_FEEDS"

    def ready(self) -> None:
        """Register the system checks, and the section of the console."""
        checks.register(check_rules)
        checks.register(check_publisher)
        if apps.is_installed("dj_actions.console"):
            # The console is optional, and imports models.
            from dj_actions.console.extension import register_section  # noqa: PLC0415
            from dj_actions_stream.feeds.console.section import FEEDS  # noqa: PLC0415

            register_section(FEEDS)
