"""Admin pages of deliveries, with the operations retry, cancel, replay and discard."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from dj_actions.admin.attempts import attempt_table
from dj_actions.admin.confirmation import reason_page, submitted_reason
from dj_actions.admin.publisher_operations import PublisherOperations
from dj_actions.admin.read_only import ReadOnly, link_to_receipt, links_to_parts
from dj_actions.admin.remote_runs import link_to_failure, log_of_failure, past_states
from dj_actions.models import Delivery
from dj_actions.operations import OperationResult
from dj_actions.operations.deliveries import run_change
from dj_actions.operations.delivery_changes import CHANGES, DeliveryChange
from dj_actions.outbox.queries import DeliveryQuerySet

if TYPE_CHECKING:
    DeliveryAdminBase = admin.ModelAdmin[Delivery]
else:
    DeliveryAdminBase = admin.ModelAdmin


AdminAction = Callable[..., HttpResponse | None]


def admin_action_of(change: DeliveryChange) -> AdminAction:
    """Return an operation as an action of the change list."""

    title: Any = change.title  # translated when it is shown

    @admin.action(description=title, permissions=["operate"])
    def run(
        model_admin: DeliveryAdmin, request: HttpRequest, queryset: DeliveryQuerySet
    ) -> HttpResponse | None:
        return model_admin.change(request, queryset, change)

    run.__name__ = change.name
    return run


@admin.register(Delivery)
class DeliveryAdmin(PublisherOperations, ReadOnly, DeliveryAdminBase):
    """Deliveries with their state, receipt and errors, and the operations of their publishers."""

    list_display = (
        "id",
        "publisher",
        "state",
        "link_to_event",
        "attempts",
        "available_at",
        "settled_at",
        "remote_run",
        "last_error",
        "receipt",
    )
    list_filter = (
        *("state", "publisher", "remote_state", "event__resource", "event__action"),
        ("settled_at", admin.DateFieldListFilter),
    )
    search_fields = ("=event__id", "=receipt_id", "=event__object_id")
    ordering = ("-id",)
    list_select_related = ("event",)
    show_full_result_count = False
    # Shown in another form, with links.
    exclude = (
        *("errors", "options", "event", "receipt_id", "receipt_url", "receipt_parts"),
        *("remote_state", "remote_detail", "remote_history"),
    )
    readonly_fields = (
        *("link_to_event", "recorded_options", "receipt", "all_results", "remote_run"),
        *("failed_step", "log_of_failure", "remote_result", "past_states", "attempt_table"),
    )
    actions = [admin_action_of(change) for change in CHANGES.values()]

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Return whether the user has the model permission to change deliveries."""
        return request.user.has_perm("dj_actions.change_delivery")

    @admin.display(description=_("event"), ordering="event")
    def link_to_event(self, delivery: Delivery) -> SafeString:
        """Return a link to the event."""
        url = reverse("admin:dj_actions_actionevent_change", args=[delivery.event_id])
        return format_html('<a href="{}">{}</a>', url, delivery.event)

    @admin.display(description=_("receipt"))
    def receipt(self, delivery: Delivery) -> SafeString | str:
        """Return the receipt, linked to its page at the destination."""
        return link_to_receipt(delivery)

    @admin.display(description=_("all results"))
    def all_results(self, delivery: Delivery) -> SafeString | str:
        """Return each of several results, linked to its page at the destination."""
        return links_to_parts(delivery)

    @admin.display(description=_("remote run"), ordering="remote_state")
    def remote_run(self, delivery: Delivery) -> str:
        """Return the state of the remote run, with what its destination says about it."""
        return delivery.remote_summary or "-"

    @admin.display(description=_("failed step"))
    def failed_step(self, delivery: Delivery) -> SafeString | str:
        """Return the step that failed, linked to its page at the destination."""
        return link_to_failure(delivery)

    @admin.display(description=_("end of its log"))
    def log_of_failure(self, delivery: Delivery) -> SafeString | str:
        """Return the last lines of the log of the step that failed."""
        return log_of_failure(delivery)

    @admin.display(description=_("result of the remote run"))
    def remote_result(self, delivery: Delivery) -> str:
        """Return what the remote run has returned."""
        result = delivery.remote_result
        return "-" if result is None else json.dumps(result, ensure_ascii=False)

    @admin.display(description=_("states of the remote run"))
    def past_states(self, delivery: Delivery) -> SafeString | str:
        """Return the latest states of the remote run, one per line."""
        return past_states(delivery)

    @admin.display(description=_("options of the route"))
    def recorded_options(self, delivery: Delivery) -> str:
        """Return the options that were recorded; an empty object differs from none."""
        if delivery.options is None:
            return "-"
        return json.dumps(delivery.options, ensure_ascii=False)

    @admin.display(description=_("last error"))
    def last_error(self, delivery: Delivery) -> str:
        """Return the latest error, shortened."""
        if not delivery.errors:
            return "-"
        error = delivery.errors[-1]
        return f"{error['kind']}: {error['message'][:120]}"

    @admin.display(description=_("attempts that are kept"))
    def attempt_table(self, delivery: Delivery) -> SafeString | str:
        """Return the attempts as a table, the oldest first."""
        return attempt_table(delivery.attempt_log)

    def change(
        self, request: HttpRequest, queryset: DeliveryQuerySet, change: DeliveryChange
    ) -> HttpResponse | None:
        """Run an operation; one that is recorded after asking for a reason."""
        selected = queryset.count()
        reason = submitted_reason(request) if change.is_recorded else ""
        if reason is None:
            preview = run_change(change, queryset, actor=request.user, reason="", dry_run=True)
            description = _preview_text(preview, selected, change.state)
            return reason_page(self, request, queryset, title=change.title, description=description)
        result = run_change(change, queryset, actor=request.user, reason=reason)
        self._report(request, result, selected, change.state)
        return None

    def _report(
        self, request: HttpRequest, result: OperationResult, selected: int, state: Any
    ) -> None:
        count = result.count
        text = ngettext("%d delivery changed.", "%d deliveries changed.", count) % count
        if count == selected:
            self.message_user(request, text, messages.SUCCESS)
        else:
            self.message_user(
                request, f"{text} {_skipped_text(result, selected, state)}", messages.WARNING
            )


def _preview_text(result: OperationResult, selected: int, state: Any) -> str:
    count = result.count
    text = ngettext("%d delivery will be changed.", "%d deliveries will be changed.", count) % count
    return text if count == selected else f"{text} {_skipped_text(result, selected, state)}"


def _skipped_text(result: OperationResult, selected: int, state: Any) -> str:
    return gettext("%(count)d skipped: not %(state)s.") % {
        "count": selected - result.count,
        "state": state,
    }
