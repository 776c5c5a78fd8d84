"""Admin pages of events and of archived events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from dj_actions.admin.badges import badge_of_outcome, badge_with_publisher
from dj_actions.admin.console_links import console_url
from dj_actions.admin.delivery_columns import DeliveryColumns
from dj_actions.admin.filters import StateFilter
from dj_actions.admin.payloads import json_column
from dj_actions.admin.read_only import ReadOnly
from dj_actions.admin.times import time_column
from dj_actions.console.screens.times import duration_text
from dj_actions.models import ActionEvent, ArchivedActionEvent, Delivery
from dj_actions.states import Outcome

if TYPE_CHECKING:
    DeliveryInlineBase = admin.TabularInline[Delivery, ActionEvent]
    EventAdminBase = admin.ModelAdmin[ActionEvent]
    ArchivedEventAdminBase = admin.ModelAdmin[ArchivedActionEvent]
else:
    DeliveryInlineBase = admin.TabularInline
    EventAdminBase = ArchivedEventAdminBase = admin.ModelAdmin


FIRST_FIELDS = (
    *("recorded", "outcome", "resource", "action", "version", "object_id", "all_objects"),
    *("actor_label", "actor_id", "duration", "summary"),
)
PAYLOAD_FIELDS = ("event_input", "event_result", "event_extra", "recipients")
OTHER_FIELDS = (
    *("own_id", "link_to_parent", "link_to_chain", "depth", "traceparent", "idempotency_key"),
)


class DeliveryInline(DeliveryColumns, ReadOnly, DeliveryInlineBase):
    """The deliveries of an event."""

    model = Delivery
    fields = readonly_fields = (
        *("publisher", "status", "why", "attempts", "receipt"),
        *("queued", "next_step"),
    )
    show_change_link = True
    can_delete = False


class OutcomeFilter(admin.SimpleListFilter):
    """A filter by whether the action succeeded or failed."""

    title = _("outcome")
    parameter_name = "outcome"

    def lookups(
        self,
        request: HttpRequest,  # noqa: ARG002
        model_admin: Any,  # noqa: ARG002
    ) -> list[tuple[str, Any]]:
        """Return the choices."""
        return [(Outcome.SUCCEEDED.value, _("succeeded")), (Outcome.FAILED.value, _("failed"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:  # noqa: ARG002
        """Return the events of the chosen outcome."""
        return queryset.matching(outcome=self.value())


@admin.register(ActionEvent)
class ActionEventAdmin(ReadOnly, EventAdminBase):
    """Events with the states of their deliveries."""

    console_page = "actions"
    list_display = (
        *("recorded", "name", "object_id", "actor_label", "outcome", "summary"),
        "state_of_all",
    )
    list_display_links = ("recorded", "name")
    list_filter = (
        "resource",
        "action",
        OutcomeFilter,
        ("deliveries__state", StateFilter),
        "deliveries__publisher",
    )
    search_fields = ("=id", "=root", "=object_id", "=actor_id", "actor_label", "summary")
    date_hierarchy = "created_at"
    ordering = ("-id",)
    fieldsets = [
        (None, {"fields": [*FIRST_FIELDS]}),
        (_("Payload"), {"fields": [*PAYLOAD_FIELDS]}),
        (_("More"), {"fields": [*OTHER_FIELDS]}),
    ]
    # Not the parent itself: it may be gone, or never have been here.
    readonly_fields = (*FIRST_FIELDS, *PAYLOAD_FIELDS, *OTHER_FIELDS)
    inlines = [DeliveryInline]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ActionEvent]:
        """Return the events, with their deliveries prefetched."""
        rows: QuerySet[ActionEvent] = super().get_queryset(request)
        return rows.prefetch_related(Prefetch("deliveries", Delivery.objects.using(rows.db)))

    recorded = time_column("created_at", _("recorded"))
    event_input = json_column(lambda event: event.request_data, _("input"))
    event_result = json_column(lambda event: event.response_data, _("result"))
    event_extra = json_column(lambda event: event.extra, _("extra data"))

    def console_url_of(self, request: HttpRequest, obj: Any) -> str:
        """Return the URL of the event's timeline."""
        return console_url(request, "event", obj.pk)

    @admin.display(description=_("action"), ordering="action")
    def name(self, event: ActionEvent) -> str:
        """Return resource and action."""
        return event.label

    @admin.display(description=_("id of the event"))
    def own_id(self, event: ActionEvent) -> str:
        """Return the id."""
        return str(event.pk)

    @admin.display(description=_("outcome"), ordering="status_code")
    def outcome(self, event: ActionEvent) -> SafeString:
        """Return whether the action succeeded, marked, and its status code."""
        return badge_of_outcome(event)

    @admin.display(description=_("duration"), ordering="duration_ms")
    def duration(self, event: ActionEvent) -> str:
        """Return how long the action took."""
        return duration_text(event.duration_ms / 1000)

    @admin.display(description=_("objects"))
    def all_objects(self, event: ActionEvent) -> str:
        """Return the keys of the objects."""
        return ", ".join(map(str, event.object_ids)) or "-"

    @admin.display(description=_("parent"))
    def link_to_parent(self, event: ActionEvent) -> SafeString | str:
        """Return the id of the event that led to this one, linked to its page."""
        if event.parent_id is None:
            return "-"
        url = reverse("admin:dj_actions_actionevent_change", args=[event.parent_id])
        return format_html('<a href="{}">{}</a>', url, event.parent_id)

    @admin.display(description=_("root"))
    def link_to_chain(self, event: ActionEvent) -> SafeString:
        """Return the id of the first event of the chain, linked to the list of all of them."""
        url = reverse("admin:dj_actions_actionevent_changelist")
        return format_html('<a href="{}?q={}">{}</a>', url, event.chain, event.chain)

    @admin.display(description=_("deliveries"))
    def state_of_all(self, event: ActionEvent) -> SafeString:
        """Return the publisher and the state of each delivery, marked."""
        badges = ((badge_with_publisher(entry),) for entry in event.deliveries.all())
        return format_html_join(SafeString("<br>"), "{}", badges)


@admin.register(ArchivedActionEvent)
class ArchivedActionEventAdmin(ReadOnly, ArchivedEventAdminBase):
    """Archived events."""

    list_display = ("recorded", "resource", "action", "object_id", "actor_id", "archived")
    fields = readonly_fields = (*list_display, "shown_content")
    list_filter = ("resource", "action")
    search_fields = ("=id", "=object_id", "=actor_id")
    show_full_result_count = False

    recorded = time_column("created_at", _("recorded"))
    archived = time_column("archived_at", _("archived"))
    shown_content = json_column(lambda event: event.content, _("content"))
