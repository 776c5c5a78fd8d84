"""The heartbeats of relays."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dj_actions.outbox.queries import RelayHeartbeatQuerySet


class RelayHeartbeat(models.Model):
    """The latest heartbeat of a relay, for `manage.py relay_health` and the doctor."""

    id = models.UUIDField(primary_key=True, editable=False)
    host = models.CharField(_("host"), max_length=255)
    pid = models.PositiveIntegerField(_("process"))
    publishers = models.JSONField(_("publishers"), default=list)
    started_at = models.DateTimeField(_("started"), db_default=Now())
    seen_at = models.DateTimeField(_("last seen"), db_default=Now())

    objects = RelayHeartbeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("relay")
        verbose_name_plural = _("relays")
        ordering = ["-seen_at"]

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"
