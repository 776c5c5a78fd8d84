"""The outbox: one delivery for each event and publisher."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dj_actions.conf.publisher import ALIAS_LENGTH
from dj_actions.messages import RemoteFailure
from dj_actions.messages.receipts import RECEIPT_ID_LENGTH, RECEIPT_URL_LENGTH
from dj_actions.outbox.attempts import RELAY_LENGTH, Attempt, attempts_of
from dj_actions.outbox.delivery_conditions import (
    ENDED,
    HELD,
    IN_LINE,
    NOT_HELD,
    PENDING,
    RUNNING,
    SENDING,
    SETTLED,
    TRACKED,
    UNTRACKED,
)
from dj_actions.outbox.events import ActionEvent
from dj_actions.outbox.ordering import ORDERING_LENGTH
from dj_actions.outbox.queries import DETAIL_LENGTH, DeliveryQuerySet
from dj_actions.states import DeliveryState, RemoteState


class Delivery(models.Model):
    """The delivery of one event to one publisher: a row of the outbox.

    It changes only through the transitions of `DeliveryQuerySet`.
    """

    event = models.ForeignKey(
        ActionEvent, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    publisher = models.CharField(_("publisher"), max_length=ALIAS_LENGTH)
    # Decided when the event is recorded, not by the settings of the relay that sends it.
    options = models.JSONField(
        _("options of the route"),
        null=True,
        help_text=_("Empty: those of the settings when it is sent."),
    )
    state = models.CharField(
        _("state"),
        max_length=16,
        choices=[(state.value, state.value) for state in DeliveryState],
        default=DeliveryState.PENDING,
        db_default=DeliveryState.PENDING.value,
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0, db_default=0)
    queued_at = models.DateTimeField(
        _("queued"),
        db_default=Now(),
        help_text=_("The age is counted from here; a replay resets it."),
    )
    available_at = models.DateTimeField(_("next try"), db_default=Now())
    ordering_scope = models.CharField(
        max_length=ORDERING_LENGTH, blank=True, default="", db_default="", editable=False
    )
    # Empty: the whole scope. It is ordered with all other deliveries of the scope.
    ordering_key = models.CharField(
        max_length=ORDERING_LENGTH, blank=True, default="", db_default="", editable=False
    )
    lease_token = models.UUIDField(null=True, editable=False)
    lease_expires_at = models.DateTimeField(_("lease ends"), null=True, editable=False)
    settled_at = models.DateTimeField(_("settled"), null=True)
    errors = models.JSONField(
        _("errors"),
        default=list,
        db_default=[],
        help_text=_("The first failed attempt, and the newest ones."),
    )
    # Of the attempt that succeeded, columns and no JSON: most deliveries succeed at once.
    first_sent_at = models.DateTimeField(
        _("first sent"),
        null=True,
        help_text=_("When the first attempt began; a replay resets it."),
    )
    sent_at = models.DateTimeField(
        _("sent"), null=True, help_text=_("When the attempt that succeeded began.")
    )
    sending_seconds = models.FloatField(
        _("seconds of sending"), null=True, help_text=_("How long that attempt took.")
    )
    sample_weight = models.SmallIntegerField(
        _("sample weight"),
        null=True,
        editable=False,
        help_text=_("How many deliveries it represents in percentiles; empty: it is not read."),
    )
    relay = models.CharField(
        _("relay"),
        max_length=RELAY_LENGTH,
        blank=True,
        default="",
        db_default="",
        help_text=_("Host and process id of the relay that has or had it last."),
    )
    receipt_id = models.CharField(
        _("receipt"), max_length=RECEIPT_ID_LENGTH, blank=True, default="", db_default=""
    )
    receipt_scope = models.CharField(
        _("DAG or feed"), max_length=RECEIPT_ID_LENGTH, blank=True, default="", db_default=""
    )
    receipt_url = models.CharField(
        _("link"), max_length=RECEIPT_URL_LENGTH, blank=True, default="", db_default=""
    )
    receipt_parts = models.JSONField(
        _("all results"),
        default=list,
        db_default=[],
        help_text=_("Empty for one result, which the receipt names."),
    )
    remote_state = models.CharField(
        _("remote state"),
        max_length=16,
        choices=[(state.value, state.value) for state in RemoteState],
        default=RemoteState.UNTRACKED,
        db_default=RemoteState.UNTRACKED.value,
    )
    remote_detail = models.CharField(
        _("remote detail"), max_length=DETAIL_LENGTH, blank=True, default="", db_default=""
    )
    remote_check_at = models.DateTimeField(_("next check"), null=True, editable=False)
    remote_ended_at = models.DateTimeField(_("remote end"), null=True)
    remote_changed_at = models.DateTimeField(
        _("remote state changed"), null=True, help_text=_("Since it was delivered.")
    )
    # What the destination says about the run besides its state; see `remote_failure` and below.
    remote_report = models.JSONField(_("remote report"), null=True, editable=False)
    remote_history = models.JSONField(
        _("remote history"),
        default=list,
        db_default=[],
        help_text=_("The latest states of the remote run."),
    )

    objects = DeliveryQuerySet.as_manager()

    claimed_at: datetime
    """When a relay or tracker claimed the row, by the database's clock; not stored."""

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "publisher"], name="dja_one_delivery_per_publisher"
            ),
            # Without IN: PostgreSQL deconstructs an array for each row, on which a relay would
            # spend a third of its time. Short: it parses constraints again for each statement.
            models.CheckConstraint(
                condition=NOT_HELD & (PENDING | SETTLED) | SENDING & HELD,
                name="dja_delivery_state_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.DELIVERED)
                | Q(receipt_id="", remote_state=RemoteState.UNTRACKED),
                name="dja_receipt_only_when_delivered",
            ),
            models.CheckConstraint(
                condition=UNTRACKED | RUNNING | ENDED,
                name="dja_remote_state_is_whole",
            ),
        ]
        indexes = [
            models.Index(
                fields=["publisher", "available_at", "id"],
                name="dja_delivery_due",
                condition=Q(state=DeliveryState.PENDING),
            ),
            models.Index(
                fields=["publisher", "ordering_scope", "ordering_key", "id"],
                name="dja_delivery_in_line",
                condition=IN_LINE,
            ),
            models.Index(
                fields=["publisher", "ordering_scope", "id"],
                name="dja_delivery_in_scope",
                condition=IN_LINE,
            ),
            models.Index(
                fields=["publisher", "lease_expires_at"],
                name="dja_delivery_leased",
                condition=Q(state=DeliveryState.SENDING),
            ),
            models.Index(
                fields=["publisher", "-settled_at"],
                name="dja_delivery_dead",
                condition=Q(state=DeliveryState.DEAD),
            ),
            models.Index(
                fields=["publisher", "remote_check_at"],
                name="dja_delivery_tracked",
                condition=Q(remote_check_at__isnull=False),
            ),
            # Of remote runs only: a delivery without one has no entry in them. Each index costs a
            # relay a third of a microsecond for each delivery nevertheless.
            models.Index(fields=["-id"], name="dja_delivery_run", condition=TRACKED),
            models.Index(
                fields=["remote_state", "-id", "receipt_scope"],
                name="dja_delivery_run_kind",
                condition=TRACKED,
            ),
            # Of deliveries that are settled together it has a part, the same few of any number.
            models.Index(
                fields=["publisher", "settled_at"],
                name="dja_delivery_sampled",
                condition=Q(sample_weight__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} → {self.publisher}: {self.state}"

    @property
    def remote_failure(self) -> dict[str, Any] | None:
        """Why the remote run has failed: the fields of a RemoteFailure that are known."""
        failure: dict[str, Any] | None = self._reported("failure")
        return failure

    @property
    def remote_result(self) -> Any:
        """What the remote run has returned, or None."""
        return self._reported("result")

    @property
    def remote_hint(self) -> str:
        """Why a remote run that has not ended does not advance; empty if nothing is known."""
        return self._reported("hint") or ""

    @property
    def remote_duration(self) -> float | None:
        """Seconds from the start of the remote run to its end, or None."""
        duration: float | None = self._reported("duration")
        return duration

    @property
    def failed_step(self) -> str:
        """The step of the remote run that has failed, and its error; empty if none is known."""
        known = self.remote_failure or {}
        return RemoteFailure(
            task=known.get("task", ""),
            exception=known.get("exception", ""),
            map_index=known.get("map_index"),
        ).summary

    @property
    def remote_summary(self) -> str:
        """The state of the remote run and the reason for it; empty without a run."""
        if self.remote_state == RemoteState.UNTRACKED:
            return ""
        reason = self.failed_step or self.remote_hint or self.remote_detail
        state = RemoteState(self.remote_state).value
        return state if reason in ("", state) else f"{state}: {reason}"

    def _reported(self, name: str) -> Any:
        return (self.remote_report or {}).get(name)

    @property
    def attempt_log(self) -> tuple[Attempt, ...]:
        """The attempts that are kept, the oldest first: failed ones, and the one that succeeded.

        Of the failed ones, the first and the newest 20 are kept. A delivery that was claimed and
        released was not attempted.
        """
        return attempts_of(self)
