"""Put old events away, over the API."""

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

MOST_PER_CALL = 1000
"""How many events one request puts away: it shall not hold its locks for long."""


class IsSuperuser(BasePermission):
    """Only superusers."""

    def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002
        """Ask the user."""
        return request.user.is_active and request.user.is_superuser


class ArchiveActionsInput(serializers.Serializer[Any]):
    """What `archive_actions` accepts."""

    delete_before = serializers.DateTimeField(
        required=False,
        help_text="Older events are put away; by default those older than TTL_MINUTES.",
    )


@register
class ArchiveActions(Action):
    """Put old events away.

    They are moved to the table of archived events, at most 1,000 per request: repeat the request
    while `has_more` is true. Events stay of which a delivery is open, dead, or still followed.
    """

    model = ActionEvent
    bulk = True
    requires_objects = False
    input = ArchiveActionsInput
    output = False
    permissions = [IsSuperuser]
    publish = ()

    def perform(self, context: ActionContext, data: dict[str, Any]) -> list[Any]:
        """Move one batch."""
        before: datetime = data.get("delete_before") or default_cutoff()
        archived = archive_batch(TableArchive(), before=before, limit=MOST_PER_CALL)
        context.meta |= {"count": archived, "has_more": archived == MOST_PER_CALL}
        return []
