"""Look at events and deliveries; retry, cancel or replay a delivery. Nothing else can change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from dj_actions.models import ActionEvent, ArchivedActionEvent, Delivery
from dj_actions.querysets import DeliveryQuerySet
from dj_actions.states import Outcome

if TYPE_CHECKING:
    DeliveryInlineBase = admin.TabularInline[Delivery, ActionEvent]
    EventAdminBase = admin.ModelAdmin[ActionEvent]
    ArchivedEventAdminBase = admin.ModelAdmin[ArchivedActionEvent]
    DeliveryAdminBase = admin.ModelAdmin[Delivery]
else:
    DeliveryInlineBase = admin.TabularInline
    EventAdminBase = DeliveryAdminBase = ArchivedEventAdminBase = admin.ModelAdmin


class ReadOnly:
    """Nobody adds, changes or deletes; who may view, may look."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Records are made by actions."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Records of the past do not change."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        """Old records are archived, not deleted by hand."""
        return False


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
        """Link to what the destination made."""
        return link_to_receipt(delivery)


class OutcomeFilter(admin.SimpleListFilter):
    """Events of actions that succeeded, or that failed."""

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
    """What happened."""

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
    search_fields = ("=id", "=object_id", "=actor_id", "actor_label", "summary")
    date_hierarchy = "created_at"
    ordering = ("-id",)
    inlines = [DeliveryInline]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ActionEvent]:
        """Fetch the deliveries of all listed events at once."""
        return super().get_queryset(request).prefetch_related("deliveries")

    @admin.display(description=_("deliveries"))
    def state_of_all(self, event: ActionEvent) -> str:
        """Sum up where it went."""
        return ", ".join(f"{entry.publisher}: {entry.state}" for entry in event.deliveries.all())


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, DeliveryAdminBase):
    """Where it had to go, and how it stands there."""

    list_display = (
        "id",
        "publisher",
        "state",
        "link_to_event",
        "attempts",
        "available_at",
        "settled_at",
        "receipt",
        "remote_state",
        "last_error",
    )
    list_filter = ("state", "publisher", "remote_state", "event__resource", "event__action")
    search_fields = ("=event__id", "=receipt_id", "=event__object_id")
    ordering = ("-id",)
    list_select_related = ("event",)
    show_full_result_count = False
    exclude = ("errors",)
    readonly_fields = ("link_to_event", "receipt", "all_errors")
    actions = ["retry", "cancel", "replay"]

    @admin.action(
        description=_("Retry: try the selected pending deliveries now"), permissions=["operate"]
    )
    def retry(self, request: HttpRequest, queryset: DeliveryQuerySet) -> None:
        """Make waiting deliveries due."""
        chosen = queryset.count()
        self._report(request, queryset.retry_now(), chosen, _("pending"))

    @admin.action(description=_("Cancel the selected pending deliveries"), permissions=["operate"])
    def cancel(self, request: HttpRequest, queryset: DeliveryQuerySet) -> None:
        """Withdraw what has not been sent."""
        chosen = queryset.count()
        self._report(request, queryset.cancel(), chosen, _("pending"))

    @admin.action(description=_("Replay the selected dead letters"), permissions=["operate"])
    def replay(self, request: HttpRequest, queryset: DeliveryQuerySet) -> None:
        """Deliver again what was given up."""
        chosen = queryset.count()
        self._report(request, queryset.replay(), chosen, _("dead"))

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whoever has the model permission to change deliveries may operate on them."""
        return request.user.has_perm("dj_actions.change_delivery")

    @admin.display(description=_("event"), ordering="event")
    def link_to_event(self, delivery: Delivery) -> SafeString:
        """Link to the event's own page."""
        url = reverse("admin:dj_actions_actionevent_change", args=[delivery.event_id])
        return format_html('<a href="{}">{}</a>', url, delivery.event)

    @admin.display(description=_("receipt"))
    def receipt(self, delivery: Delivery) -> SafeString | str:
        """Link to what the destination made."""
        return link_to_receipt(delivery)

    @admin.display(description=_("last error"))
    def last_error(self, delivery: Delivery) -> str:
        """Say what went wrong last."""
        if not delivery.errors:
            return "-"
        error = delivery.errors[-1]
        return f"{error['kind']}: {error['message'][:120]}"

    @admin.display(description=_("errors"))
    def all_errors(self, delivery: Delivery) -> SafeString | str:
        """Show each remembered error in a line."""
        lines = ((json.dumps(error, ensure_ascii=False),) for error in delivery.errors)
        return format_html_join("", "<pre>{}</pre>", lines) or "-"

    def _report(self, request: HttpRequest, changed: int, chosen: int, state: Any) -> None:
        text = ngettext("%d delivery changed.", "%d deliveries changed.", changed) % changed
        if changed == chosen:
            self.message_user(request, text, messages.SUCCESS)
        else:
            left = _("%(left)d left as they were: they are not %(state)s.") % {
                "left": chosen - changed,
                "state": state,
            }
            self.message_user(request, f"{text} {left}", messages.WARNING)


def link_to_receipt(delivery: Delivery) -> SafeString | str:
    """Return the receipt as a link where the destination has a page for it."""
    if not delivery.receipt_id:
        return "-"
    if not delivery.receipt_url.startswith(("http://", "https://")):
        return delivery.receipt_id
    return format_html('<a href="{}">{}</a>', delivery.receipt_url, delivery.receipt_id)


@admin.register(ArchivedActionEvent)
class ArchivedActionEventAdmin(ReadOnly, ArchivedEventAdminBase):
    """What happened long ago."""

    list_display = ("created_at", "resource", "action", "object_id", "actor_id", "archived_at")
    list_filter = ("resource", "action")
    search_fields = ("=id", "=object_id", "=actor_id")
    show_full_result_count = False
