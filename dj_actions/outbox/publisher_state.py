"""What all relays share: the state of each publisher, and their signs of life."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from dj_actions.conf.publisher import ALIAS_LENGTH
from dj_actions.outbox.queries import PublisherStateQuerySet


class PublisherState(models.Model):
    """What all relays share about one publisher: is it paused, is its destination in trouble.

    It changes only through the transitions named in `PublisherStateQuerySet`.
    """

    alias = models.CharField(_("publisher"), max_length=ALIAS_LENGTH, primary_key=True)
    paused_at = models.DateTimeField(_("paused"), null=True)
    paused_by = models.CharField(_("paused by"), max_length=255, blank=True, default="")
    pause_reason = models.TextField(_("reason"), blank=True, default="")
    failures = models.PositiveIntegerField(
        _("failures in a row"), default=0, db_default=0, help_text=_("Of different messages.")
    )
    probes = models.PositiveIntegerField(
        _("probes"), default=0, db_default=0, help_text=_("Since nothing is sent.")
    )
    open_until = models.DateTimeField(
        _("nothing is sent until"), null=True, help_text=_("Then one message probes.")
    )
    open_reason = models.TextField(_("why nothing is sent"), blank=True, default="", db_default="")
    next_send_at = models.DateTimeField(
        null=True, editable=False, help_text=_("When the rate limit allows the next message.")
    )

    objects = PublisherStateQuerySet.as_manager()

    read_at: datetime
    """The database's time when it was read; set by `known`, not stored."""

    class Meta:
        verbose_name = _("publisher")
        verbose_name_plural = _("publishers")
        ordering = ["alias"]

    def __str__(self) -> str:
        return self.alias
