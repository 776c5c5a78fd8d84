"""The read-only API of events and their deliveries."""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import permissions, viewsets
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView

from dj_actions.conf import get_settings
from dj_actions.models import ActionEvent
from dj_actions.outbox.queries import ActionEventQuerySet
from dj_actions.rest.request import DRY_RUN, machine_token_of
from dj_actions.rest.schema_hook import ViewSchema
from dj_actions.rest.serializers import ActionEventSerializer
from dj_actions.rest.viewset import ActionMixin
from dj_actions.states import DeliveryState, Outcome, RemoteState
from dj_actions.text import did_you_mean, is_storable

FILTERS = (
    *("resource", "action", "object", "actor", "outcome", "parent", "root"),
    *("publisher", "state", "remote_state"),
)
"""Query parameters that filter the list."""

PAGING = ("cursor", "page_size", "format")


VIEW_PERMISSIONS = ("dj_actions.view_actionevent", "dj_actions.view_delivery")


class EventPagination(CursorPagination):
    """Newest first; stable while new events arrive, as their ids sort by time."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Read the cursor.

        Raises:
            NotFound: it is not a valid cursor.
        """
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None:
            try:
                UUID(str(cursor.position))
            except ValueError:
                raise NotFound(self.invalid_cursor_message) from None
        return cursor


class CanViewEvents(permissions.IsAdminUser):
    """Allows access to staff who may view events and deliveries, as the admin does."""

    message = (
        "Events are for staff with the permissions dj_actions.view_actionevent and "
        "dj_actions.view_delivery."
    )

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether the user is staff with both permissions."""
        # An event is shown with its deliveries, and can be found by them.
        return super().has_permission(request, view) and request.user.has_perms(VIEW_PERMISSIONS)


class ActionEventViewSet(ActionMixin, viewsets.ReadOnlyModelViewSet[ActionEvent]):
    """Lists events with their deliveries.

    Filters: `resource`, `action`, `object`, `actor` (id or name), `outcome` (`succeeded` or
    `failed`), `parent` and `root` (ids of events), `publisher`, `state` and `remote_state` of a
    delivery. For staff with the permissions to view events and deliveries; a subclass can set
    others. With a machine token, only events of the actions that it names.
    """

    schema = ViewSchema("dj_actions.openapi.events.EventSchema")
    queryset = ActionEvent.objects.all()
    serializer_class = ActionEventSerializer
    pagination_class = EventPagination
    permission_classes = [CanViewEvents]
    methods_within_scope = ("list", "retrieve")

    def get_queryset(self) -> QuerySet[ActionEvent]:
        """Return the events that match the query parameters, with their deliveries."""
        events: ActionEventQuerySet = super().get_queryset()  # type: ignore[assignment]  # its manager's class
        wanted = self.filters()
        return events.matching(**wanted).prefetch_related("deliveries")

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Leave out the events of actions that a machine token does not name."""
        events: Any = super().filter_queryset(queryset)
        token = machine_token_of(self.request)
        found: QuerySet[Any] = events if token is None else events.of_actions(token.patterns())
        return found

    def filters(self) -> dict[str, str]:
        """Return the filters in the query parameters.

        Raises:
            ValidationError: a parameter, a publisher or a state is unknown.
        """
        # A parameter of an action on events is not a filter.
        own = {DRY_RUN} if self.definition else set()
        query = self.request.query_params.dict()
        given = {name: value for name, value in query.items() if name not in own}
        for name, value in given.items():
            if name in FILTERS and not is_storable(value):
                raise ValidationError({name: ["Null characters are not allowed."]})
            if name in FILTERS and len(self.request.query_params.getlist(name)) > 1:
                raise ValidationError({name: ["This filter may be given only once."]})
            if name not in (*FILTERS, *PAGING):
                raise ValidationError({name: [f"Unknown filter.{did_you_mean(name, FILTERS)}"]})
        _require_known(given, "state", DeliveryState)
        _require_known(given, "remote_state", RemoteState)
        _require_known(given, "outcome", Outcome)
        _require_publisher(given)
        _require_id(given, "parent")
        _require_id(given, "root")
        return {name: value for name, value in given.items() if name in FILTERS}


def _require_known(given: dict[str, str], name: str, states: type[StrEnum]) -> None:
    known = [state.value for state in states]
    if name in given and given[name] not in known:
        raise ValidationError({name: [f"{given[name]!r} is not one of {', '.join(known)}."]})


def _require_id(given: dict[str, str], name: str) -> None:
    try:
        UUID(given.get(name, str(UUID(int=0))))
    except ValueError:
        raise ValidationError({name: [f"{given[name]!r} is not a valid event id."]}) from None


def _require_publisher(given: dict[str, str]) -> None:
    known = get_settings().publishers
    alias = given.get("publisher")
    # A publisher that was removed from the settings may still have deliveries.
    gone = ActionEvent.objects.all().matching(publisher=alias)
    if alias is not None and alias not in known and not gone.exists():
        raise ValidationError(
            {"publisher": [f"Unknown publisher {alias!r}.{did_you_mean(alias, known)}"]}
        )
