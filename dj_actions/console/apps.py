"""The app's configuration."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _

from dj_actions.console.checks import check_access, check_sections


class ConsoleConfig(AppConfig):
    """Pages, template tags, permissions and checks of the console."""

    name = "dj_actions.console"
    label = "dj_actions_console"
    verbose_name = _("Actions console")
    default_auto_field = "django.db.models.BigAutoField"
    dj_actions_setting = "DJ_ACTIONS_CONSOLE"

    def ready(self) -> None:
        """Register the system checks."""
        checks.register(check_access)
        checks.register(check_sections)
