"""The Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class DJActionsConfig(AppConfig):
    """Finds the actions of all installed apps and registers the system checks."""

    name = "dj_actions"
    label = "dj_actions"
    verbose_name = _("Actions")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import each app's `actions` module, and the checks."""
        from dj_actions import checks  # noqa: F401, PLC0415 - importing registers them

        autodiscover_modules("actions")
