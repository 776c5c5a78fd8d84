"""The state of a publisher that all relays share."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from dj_actions.conf.publisher import ALIAS_LENGTH
from dj_actions.outbox.queries import PublisherStateQuerySet


class PublisherState(models.Model):
    """Whether a publisher is paused, its circuit breaker and its rate limit; shared by all relays.

    It changes only through the transitions of `PublisherStateQuerySet`. One row, with an empty
    alias, is of no publisher: it has the environment that the data belong to in `open_reason`.
    """

    alias = models.CharField(_("publisher"), max_length=ALIAS_LENGTH, primary_key=True)
    paused_at = models.DateTimeField(_("paused"), null=True)
    paused_by = models.CharField(_("paused by"), max_length=255, blank=True, default="")
    pause_reason = models.TextField(_("reason"), blank=True, default="")
    failures = models.PositiveIntegerField(
        _("consecutive failures"), default=0, db_default=0, help_text=_("Of different messages.")
    )
    probes = models.PositiveIntegerField(
        _("probes"), default=0, db_default=0, help_text=_("Since the circuit breaker opened.")
    )
    open_until = models.DateTimeField(
        _("circuit breaker open until"),
        null=True,
        help_text=_("No message is sent until then; then one message probes."),
    )
    opened_at = models.DateTimeField(
        _("circuit breaker opened"), null=True, help_text=_("When it opened first.")
    )
    open_reason = models.TextField(
        _("why the circuit breaker is open"), blank=True, default="", db_default=""
    )
    next_send_at = models.DateTimeField(
        null=True, editable=False, help_text=_("When the rate limit allows the next message.")
    )
    changes_checked_at = models.DateTimeField(
        null=True, editable=False, help_text=_("When a tracker last requested changed runs.")
    )
    changes_known_until = models.DateTimeField(
        null=True,
        editable=False,
        help_text=_("Up to when changes of remote runs are known; empty if they are not."),
    )

    objects = PublisherStateQuerySet.as_manager()

    read_at: datetime
    """When it was read, by the database's clock; set by `find`, not stored."""

    class Meta:
        verbose_name = _("publisher")
        verbose_name_plural = _("publishers")
        ordering = ["alias"]

    def __str__(self) -> str:
        return self.alias
