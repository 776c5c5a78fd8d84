"""The app configuration."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class DJActionsConfig(AppConfig):
    """The app: it discovers the actions of all installed apps and registers system checks."""

    name = "dj_actions"
    label = "dj_actions"
    verbose_name = _("Actions")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the `actions` module of each app, and the checks."""
        from dj_actions import checks  # noqa: F401, PLC0415 - importing registers them

        autodiscover_modules("actions")
