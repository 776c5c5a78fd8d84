"""The two records: what happened, and where it has to go."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from dj_actions.conf import ALIAS_LENGTH
from dj_actions.identifiers import uuid7
from dj_actions.messages import RECEIPT_ID_LENGTH, RECEIPT_URL_LENGTH
from dj_actions.querysets import (
    DETAIL_LENGTH,
    FAILED_FROM,
    ActionEventQuerySet,
    DeliveryQuerySet,
    PublisherStateQuerySet,
    RelayHeartbeatQuerySet,
)
from dj_actions.states import IN_LINE_STATES, DeliveryState, RemoteState

IDEMPOTENCY_KEY_LENGTH = 255
"""Characters a caller's own name for a request may have."""

OF_NOBODY = "anonymous:"
"""Stands before the keys of those who are not logged in: the system itself has no actor either."""


ORDERING_LENGTH = 512
"""Characters of an ordering scope or key."""


class ActionEvent(models.Model):
    """The record that an action happened; written in its transaction, never changed after.

    Of an action that was refused or crashed, it is written once all else has been rolled back.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    resource = models.CharField(_("resource"), max_length=100)
    action = models.CharField(_("action"), max_length=100)
    version = models.PositiveIntegerField(_("version"), default=1, db_default=1)
    object_id = models.CharField(
        _("object"), max_length=255, null=True, blank=True, help_text=_("Empty for a bulk action.")
    )
    object_ids = models.JSONField(_("objects"), default=list)
    # Text, not a foreign key: the record outlives the user, and needs no lock on the user's row.
    actor_id = models.CharField(_("actor's id"), max_length=255, null=True, blank=True)
    actor_label = models.CharField(_("actor"), max_length=255, blank=True)
    request_data = models.JSONField(_("input"), default=dict, encoder=DjangoJSONEncoder)
    response_data = models.JSONField(_("result"), null=True, encoder=DjangoJSONEncoder)
    status_code = models.PositiveSmallIntegerField(
        _("status code"),
        default=200,
        db_default=200,
        help_text=_("400 and above: refused, or crashed."),
    )
    duration_ms = models.FloatField(_("duration in milliseconds"), default=0)
    summary = models.TextField(_("summary"), blank=True, default="", db_default="")
    recipients = models.JSONField(_("recipients"), default=list, db_default=[])
    extra = models.JSONField(
        _("extra data"), default=dict, db_default={}, encoder=DjangoJSONEncoder
    )
    traceparent = models.CharField(
        _("trace context"), max_length=55, blank=True, default="", db_default=""
    )
    parent = models.ForeignKey(
        "self",
        verbose_name=_("parent"),
        # The link stays when the parent is archived first: records do not change.
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="children",
        db_index=False,
        help_text=_("The action that ran this one as a part of itself."),
    )
    idempotency_key = models.CharField(
        _("idempotency key"),
        max_length=IDEMPOTENCY_KEY_LENGTH + len(OF_NOBODY),
        null=True,
        blank=True,
    )
    # A keyed hash of the request: to tell a repetition from another request with the same key.
    fingerprint = models.CharField(
        max_length=64, blank=True, default="", db_default="", editable=False
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = ActionEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("action event")
        verbose_name_plural = _("action events")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["resource", "action", "-id"], name="dja_event_by_action"),
            models.Index(fields=["resource", "object_id", "-id"], name="dja_event_by_object"),
            models.Index(fields=["actor_id", "-id"], name="dja_event_by_actor"),
            models.Index(fields=["created_at"], name="dja_event_by_age"),
            models.Index(
                fields=["parent"], name="dja_event_by_parent", condition=Q(parent__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                Coalesce("actor_id", Value("")),
                "resource",
                "action",
                "idempotency_key",
                condition=Q(idempotency_key__isnull=False),
                name="dja_one_event_per_idempotency_key",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.object_id or len(self.object_ids)}"

    @property
    def label(self) -> str:
        """Resource and action in one word, for example `todo.mark_done`."""
        return f"{self.resource}.{self.action}"

    @property
    def succeeded(self) -> bool:
        """Whether the action did what it was asked for."""
        return self.status_code < FAILED_FROM

    # The names that the fields had in dj-actions 0.0.7.

    @property
    def action_id(self) -> str:
        """Name of the action."""
        return self.action

    @property
    def action_type(self) -> str:
        """`instance` or `bulk`."""
        return "bulk" if self.object_id is None else "instance"

    @property
    def action_context(self) -> None:
        """Always None: it never held anything."""
        return

    @property
    def response_content(self) -> None:
        """Always None: it never held anything."""
        return

    @property
    def scheduled_time(self) -> None:
        """Always None: it never held anything."""
        return

    @property
    def complete(self) -> bool:
        """Always true: an action that has not ended has no record."""
        return True

    @property
    def duration(self) -> Decimal:
        """How long it took, in seconds."""
        return Decimal(str(self.duration_ms)) / 1000

    @property
    def created_date(self) -> datetime:
        """When it was recorded."""
        return self.created_at

    @property
    def modified_date(self) -> datetime:
        """When it was recorded: records do not change."""
        return self.created_at


EventAction = ActionEvent
"""The name under which the README of dj-actions 0.0.7 imports it."""


class ArchivedActionEvent(models.Model):
    """An old event with its deliveries, put away: see `manage.py archive_actions`."""

    id = models.UUIDField(primary_key=True, editable=False)
    resource = models.CharField(_("resource"), max_length=100)
    action = models.CharField(_("action"), max_length=100)
    object_id = models.CharField(_("object"), max_length=255, null=True, blank=True)
    actor_id = models.CharField(_("actor's id"), max_length=255, null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    archived_at = models.DateTimeField(_("archived"), db_default=Now(), editable=False)
    content = models.JSONField(
        _("content"), encoder=DjangoJSONEncoder, help_text=_("The event as the API showed it.")
    )

    class Meta:
        verbose_name = _("archived action event")
        verbose_name_plural = _("archived action events")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.resource}.{self.action} {self.object_id or ''}".rstrip()


HELD = Q(lease_token__isnull=False, lease_expires_at__isnull=False)
NOT_HELD = Q(lease_token=None, lease_expires_at=None)
PENDING = Q(state=DeliveryState.PENDING, settled_at=None)
SENDING = Q(state=DeliveryState.SENDING, settled_at=None, attempts__gte=1)
SETTLED = Q(settled_at__isnull=False) & (
    Q(state=DeliveryState.DELIVERED)
    | Q(state=DeliveryState.DEAD)
    | Q(state=DeliveryState.CANCELLED)
)
UNTRACKED = Q(remote_state=RemoteState.UNTRACKED, remote_ended_at=None)
RUNNING = Q(remote_state=RemoteState.RUNNING, remote_check_at__isnull=False, remote_ended_at=None)
ENDED = Q(remote_ended_at__isnull=False) & (
    Q(remote_state=RemoteState.SUCCEEDED)
    | Q(remote_state=RemoteState.FAILED)
    | Q(remote_state=RemoteState.LOST)
)


class Delivery(models.Model):
    """One event on its way to one publisher: a row of the outbox.

    It changes only through the transitions named in `DeliveryQuerySet`.
    """

    event = models.ForeignKey(
        ActionEvent, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    publisher = models.CharField(_("publisher"), max_length=ALIAS_LENGTH)
    state = models.CharField(
        _("state"),
        max_length=16,
        choices=[(state.value, state.value) for state in DeliveryState],
        default=DeliveryState.PENDING,
        db_default=DeliveryState.PENDING.value,
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0, db_default=0)
    queued_at = models.DateTimeField(
        _("queued"), db_default=Now(), help_text=_("Its age counts from here; a replay resets it.")
    )
    available_at = models.DateTimeField(_("next try"), db_default=Now())
    ordering_scope = models.CharField(
        max_length=ORDERING_LENGTH, blank=True, default="", db_default="", editable=False
    )
    # Empty: of the whole scope, before and after which all else of it has to come.
    ordering_key = models.CharField(
        max_length=ORDERING_LENGTH, blank=True, default="", db_default="", editable=False
    )
    lease_token = models.UUIDField(null=True, editable=False)
    lease_expires_at = models.DateTimeField(_("lease ends"), null=True, editable=False)
    settled_at = models.DateTimeField(_("settled"), null=True)
    errors = models.JSONField(
        _("errors"), default=list, db_default=[], help_text=_("The latest ones.")
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
    remote_check_at = models.DateTimeField(_("next question"), null=True, editable=False)
    remote_ended_at = models.DateTimeField(_("remote end"), null=True)

    objects = DeliveryQuerySet.as_manager()

    claimed_at: datetime
    """The database's time when a relay or tracker took the row; set by the claim, not stored."""

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "publisher"], name="dja_one_delivery_per_publisher"
            ),
            # Spelt out, without IN: PostgreSQL takes arrays apart for each row, and a relay would
            # spend a third of its time on that. Short, as it reads them anew for each statement.
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
                condition=Q(remote_check_at=None) & (UNTRACKED | ENDED) | RUNNING,
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
                condition=Q(state__in=sorted(IN_LINE_STATES)) & ~Q(ordering_scope=""),
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
                condition=Q(remote_state=RemoteState.RUNNING),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} → {self.publisher}: {self.state}"


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


class RelayHeartbeat(models.Model):
    """A sign of life of one relay, for `manage.py relay_health` and the doctor."""

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
