"""The permissions of the console; it has no tables of its own."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ConsolePermissions(models.Model):  # noqa: DJ008 - there are no rows
    """Holds the permissions, one for each `Verb`."""

    class Meta:
        managed = False
        default_permissions = ()
        verbose_name = _("console")
        verbose_name_plural = _("console")
        permissions = [
            ("view_console", _("Can use the console")),
            ("view_payloads", _("Can see inputs, results and payloads in the console")),
            ("retry_deliveries", _("Can retry pending deliveries")),
            ("cancel_deliveries", _("Can cancel pending deliveries")),
            ("replay_deliveries", _("Can replay dead letters and delivered messages")),
            ("discard_deliveries", _("Can discard dead letters")),
            ("pause_publishers", _("Can pause and resume publishers")),
            ("run_actions", _("Can run actions from the catalogue")),
        ]
