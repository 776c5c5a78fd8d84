"""The records of actions, and their archive."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from dj_actions.identifiers import uuid7
from dj_actions.outbox.indexes import ElementsIndex
from dj_actions.outbox.legacy_names import LegacyEventNames
from dj_actions.outbox.queries import FAILED_FROM, ActionEventQuerySet

IDEMPOTENCY_KEY_LENGTH = 255
"""Maximum length of the idempotency key of a request, in characters."""

STORED_KEY_LENGTH = IDEMPOTENCY_KEY_LENGTH + 10
"""Maximum length of a stored key: some have a prefix that identifies the caller."""


class ActionEvent(LegacyEventNames, models.Model):
    """The record of an action; written in the action's transaction, and never changed.

    For an action that was rejected or raised an error, it is written after the rollback.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    resource = models.CharField(_("resource"), max_length=100)
    action = models.CharField(_("action"), max_length=100)
    version = models.PositiveIntegerField(_("version"), default=1, db_default=1)
    object_id = models.CharField(
        _("object"), max_length=255, null=True, blank=True, help_text=_("Empty for a bulk action.")
    )
    object_ids = models.JSONField(_("objects"), default=list)
    # Not a foreign key: the record outlives the user, and does not lock the user's row.
    actor_id = models.CharField(_("actor's id"), max_length=255, null=True, blank=True)
    actor_label = models.CharField(_("actor"), max_length=255, blank=True)
    request_data = models.JSONField(_("input"), default=dict, encoder=DjangoJSONEncoder)
    response_data = models.JSONField(_("result"), null=True, encoder=DjangoJSONEncoder)
    status_code = models.PositiveSmallIntegerField(
        _("status code"),
        default=200,
        db_default=200,
        help_text=_("400 and above: the action failed."),
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
        # Keep the link when the parent is archived first: records do not change.
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="children",
        db_index=False,
        help_text=_("The event that led to this one."),
    )
    # Not a foreign key either. Empty for the first event of a chain, as most are: less to insert.
    root = models.UUIDField(
        _("root"),
        null=True,
        editable=False,
        help_text=_("The first event of the chain that led to this one."),
    )
    # Not a positive one, whose constraint PostgreSQL would check for all rows to add the column.
    depth = models.SmallIntegerField(
        _("depth"),
        default=0,
        db_default=0,
        editable=False,
        help_text=_("Number of events that led to this one."),
    )
    idempotency_key = models.CharField(
        _("idempotency key"),
        max_length=STORED_KEY_LENGTH,
        null=True,
        blank=True,
    )
    # A keyed hash of the request: it distinguishes a repetition from another request with this key.
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
            # The object first: most people search for one without its resource.
            models.Index(fields=["object_id", "resource", "-id"], name="dja_event_by_object"),
            # The objects of bulk actions.
            ElementsIndex(
                fields=["object_ids"],
                name="dja_event_of_objects",
                condition=Q(object_id__isnull=True),
                opclasses=["jsonb_path_ops"],
            ),
            models.Index(fields=["actor_id", "-id"], name="dja_event_by_actor"),
            models.Index(
                fields=["actor_label", "-id"],
                name="dja_event_by_actor_label",
                condition=~Q(actor_label=""),
            ),
            models.Index(
                fields=["-id"],
                name="dja_event_failed",
                condition=Q(status_code__gte=FAILED_FROM),
            ),
            models.Index(fields=["created_at"], name="dja_event_by_age"),
            models.Index(
                fields=["parent"], name="dja_event_by_parent", condition=Q(parent__isnull=False)
            ),
            models.Index(
                fields=["root"], name="dja_event_by_root", condition=Q(root__isnull=False)
            ),
        ]
        constraints = [
            # The key first: people search for it alone.
            models.UniqueConstraint(
                "idempotency_key",
                Coalesce("actor_id", Value("")),
                "resource",
                "action",
                condition=Q(idempotency_key__isnull=False),
                name="dja_one_event_per_idempotency_key",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.object_id or len(self.object_ids)}"

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: models.QuerySet[Any] | None = None,
    ) -> None:
        """Read the event from the database it was written to: a replica may not have it yet."""
        super().refresh_from_db(using or self._state.db, fields, from_queryset)

    @property
    def label(self) -> str:
        """Resource and action, for example `todo.mark_done`."""
        return f"{self.resource}.{self.action}"

    @property
    def chain(self) -> UUID:
        """Id of the first event of the chain that led to this one; its own if nothing did."""
        return self.root or self.pk

    @property
    def succeeded(self) -> bool:
        """Whether the action succeeded."""
        return self.status_code < FAILED_FROM


EventAction = ActionEvent
"""The name in the README of dj-actions 0.0.7."""


class ArchivedActionEvent(models.Model):
    """An archived event with its deliveries: see `manage.py archive_actions`."""

    id = models.UUIDField(primary_key=True, editable=False)
    resource = models.CharField(_("resource"), max_length=100)
    action = models.CharField(_("action"), max_length=100)
    object_id = models.CharField(_("object"), max_length=255, null=True, blank=True)
    actor_id = models.CharField(_("actor's id"), max_length=255, null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    archived_at = models.DateTimeField(_("archived"), db_default=Now(), editable=False)
    content = models.JSONField(
        _("content"),
        encoder=DjangoJSONEncoder,
        help_text=_("All columns of the event, and of its deliveries."),
    )

    class Meta:
        verbose_name = _("archived action event")
        verbose_name_plural = _("archived action events")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.resource}.{self.action} {self.object_id or ''}".rstrip()
