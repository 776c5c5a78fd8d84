"""The admin's pages of deliveries: to look, and to retry, cancel, replay or discard."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from dj_actions.admin.confirmation import ask_reason, reason_given
from dj_actions.admin.read_only import ReadOnly, link_to_receipt
from dj_actions.models import Delivery
from dj_actions.operations.deliveries import cancel, discard, replay, retry
from dj_actions.outbox.queries import DeliveryQuerySet

if TYPE_CHECKING:
    DeliveryAdminBase = admin.ModelAdmin[Delivery]
else:
    DeliveryAdminBase = admin.ModelAdmin


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
    list_filter = (
        *("state", "publisher", "remote_state", "event__resource", "event__action"),
        ("settled_at", admin.DateFieldListFilter),
    )
    search_fields = ("=event__id", "=receipt_id", "=event__object_id")
    ordering = ("-id",)
    list_select_related = ("event",)
    show_full_result_count = False
    exclude = ("errors",)
    readonly_fields = ("link_to_event", "receipt", "all_errors")
    actions = ["retry", "cancel", "replay", "discard"]

    @admin.action(
        description=_("Retry: try the selected pending deliveries now"), permissions=["operate"]
    )
    def retry(self, request: HttpRequest, queryset: DeliveryQuerySet) -> None:
        """Make waiting deliveries due."""
        chosen = queryset.count()
        self._report(request, retry(queryset), chosen, _("pending"))

    @admin.action(description=_("Cancel the selected pending deliveries"), permissions=["operate"])
    def cancel(self, request: HttpRequest, queryset: DeliveryQuerySet) -> HttpResponse | None:
        """Withdraw what has not been sent, once a reason is given."""
        return self._change(request, queryset, cancel, _("Cancel deliveries"), _("pending"))

    @admin.action(description=_("Replay the selected dead letters"), permissions=["operate"])
    def replay(self, request: HttpRequest, queryset: DeliveryQuerySet) -> HttpResponse | None:
        """Deliver again what was given up, once a reason is given."""
        return self._change(request, queryset, replay, _("Replay dead letters"), _("dead"))

    @admin.action(description=_("Discard the selected dead letters"), permissions=["operate"])
    def discard(self, request: HttpRequest, queryset: DeliveryQuerySet) -> HttpResponse | None:
        """Withdraw what was given up, once a reason is given."""
        return self._change(request, queryset, discard, _("Discard dead letters"), _("dead"))

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

    def _change(
        self,
        request: HttpRequest,
        queryset: DeliveryQuerySet,
        operate: Callable[..., int],
        title: Any,
        state: Any,
    ) -> HttpResponse | None:
        reason = reason_given(request)
        if reason is None:
            return ask_reason(self, request, queryset, title)
        chosen = queryset.count()
        changed = operate(queryset, actor=request.user, reason=reason)
        self._report(request, changed, chosen, state)
        return None

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
