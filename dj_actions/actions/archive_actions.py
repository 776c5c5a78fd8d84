"""The action that archives old events over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from dj_actions.action import Action, register
from dj_actions.context import ActionContext
from dj_actions.models import ActionEvent
from dj_actions.operations.retention import TableArchive, archive_batch, default_cutoff

MAX_EVENTS_PER_REQUEST = 1000
"""Events that one request archives at most, so that it does not hold its locks for long."""


class IsSuperuser(BasePermission):
    """Allows access only to superusers."""

    def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002
        """Return whether the user is an active superuser."""
        return request.user.is_active and request.user.is_superuser


class ArchiveActionsInput(serializers.Serializer[Any]):
    """The input of `archive_actions`."""

    delete_before = serializers.DateTimeField(
        required=False,
        help_text="Events recorded earlier are archived (default: those older than TTL_MINUTES).",
    )


@register
class ArchiveActions(Action):
    """Archive old events.

    They are moved to the table of archived events, at most 1,000 per request: repeat the request
    while `has_more` is true. Events with a delivery that is open, dead or still tracked are kept.
    """

    model = ActionEvent
    bulk = True
    names_objects = False
    input = ArchiveActionsInput
    output = False
    permissions = [IsSuperuser]
    publish = ()

    def perform(self, context: ActionContext, data: dict[str, Any]) -> list[Any]:
        """Archive one batch."""
        before: datetime = data.get("delete_before") or default_cutoff()
        archived = archive_batch(TableArchive(), before=before, limit=MAX_EVENTS_PER_REQUEST)
        context.meta |= {"count": archived, "has_more": archived == MAX_EVENTS_PER_REQUEST}
        return []
