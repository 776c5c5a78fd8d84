"""Admin pages of events and of archived events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from dj_actions.admin.read_only import ReadOnly, link_to_receipt
from dj_actions.models import ActionEvent, ArchivedActionEvent, Delivery
from dj_actions.states import Outcome

if TYPE_CHECKING:
    DeliveryInlineBase = admin.TabularInline[Delivery, ActionEvent]
    EventAdminBase = admin.ModelAdmin[ActionEvent]
    ArchivedEventAdminBase = admin.ModelAdmin[ArchivedActionEvent]
else:
    DeliveryInlineBase = admin.TabularInline
    EventAdminBase = ArchivedEventAdminBase = admin.ModelAdmin


class DeliveryInline(ReadOnly, DeliveryInlineBase):
    """The deliveries of an event."""

    model = Delivery
    fields = readonly_fields = (
        "publisher",
        "state",
        "attempts",
        "receipt",
        "remote_state",
        "settled_at",
        "remote_ended_at",
    )
    show_change_link = True
    can_delete = False

    @admin.display(description=_("receipt"))
    def receipt(self, delivery: Delivery) -> SafeString | str:
        """Return the receipt, linked to its page at the destination."""
        return link_to_receipt(delivery)


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

    list_display = (
        "created_at",
        "label",
        "object_id",
        "actor_label",
        "status_code",
        "summary",
        "state_of_all",
    )
    list_filter = (
        "resource",
        "action",
        OutcomeFilter,
        "deliveries__state",
        "deliveries__publisher",
    )
    search_fields = ("=id", "=root", "=object_id", "=actor_id", "actor_label", "summary")
    date_hierarchy = "created_at"
    ordering = ("-id",)
    # The parent itself may be gone, or never have been here.
    exclude = ("parent",)
    readonly_fields = ("link_to_parent", "link_to_chain", "depth")
    inlines = [DeliveryInline]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ActionEvent]:
        """Return the events, with their deliveries prefetched."""
        rows: QuerySet[ActionEvent] = super().get_queryset(request)
        return rows.prefetch_related(Prefetch("deliveries", Delivery.objects.using(rows.db)))

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
    def state_of_all(self, event: ActionEvent) -> str:
        """Return the publisher and state of each delivery."""
        return ", ".join(f"{entry.publisher}: {entry.state}" for entry in event.deliveries.all())


@admin.register(ArchivedActionEvent)
class ArchivedActionEventAdmin(ReadOnly, ArchivedEventAdminBase):
    """Archived events."""

    list_display = ("created_at", "resource", "action", "object_id", "actor_id", "archived_at")
    list_filter = ("resource", "action")
    search_fields = ("=id", "=object_id", "=actor_id")
    show_full_result_count = False
