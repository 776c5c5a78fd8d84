"""The app's configuration."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks

from dj_actions_stream.server.checks import (
    check_credentials,
    check_group_names,
    check_groups,
    check_origins,
    check_rate_limits,
    check_time_zone,
)
from dj_actions_stream.server.views.open_graph import check_open_graph


class FeedsServerConfig(AppConfig):
    """The local feeds server."""

    name = "dj_actions_stream.server"
    label = "feeds_server"
    verbose_name = "Feeds server"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        for check in (
            check_credentials,
            check_groups,
            check_group_names,
            check_rate_limits,
            check_origins,
            check_open_graph,
            check_time_zone,
        ):
            checks.register(check)
