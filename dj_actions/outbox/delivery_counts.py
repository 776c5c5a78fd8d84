"""How many deliveries of each publisher arrive and fail, in each half hour."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from dj_actions.conf.publisher import ALIAS_LENGTH
from dj_actions.outbox.queries import DeliveryCountQuerySet


class DeliveryCount(models.Model):
    """What relays have delivered to one publisher in half an hour, and what has failed.

    Relays count in memory and add up here every few seconds: counting the deliveries themselves
    would read millions of rows. What a relay has counted since is lost if it is killed.
    """

    publisher = models.CharField(_("publisher"), max_length=ALIAS_LENGTH)
    # A number and no time: half hours begin at the same moment in all time zones.
    period = models.IntegerField(_("half hours since 1970"))
    delivered = models.BigIntegerField(_("delivered"), default=0)
    failed = models.BigIntegerField(
        _("failed attempts"), default=0, help_text=_("Also those that are tried again.")
    )

    objects = DeliveryCountQuerySet.as_manager()

    class Meta:
        verbose_name = _("count of deliveries")
        verbose_name_plural = _("counts of deliveries")
        ordering = ["-period", "publisher"]
        constraints = [
            models.UniqueConstraint(
                fields=["period", "publisher"], name="dja_one_count_per_publisher"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.publisher}: {self.delivered}"
