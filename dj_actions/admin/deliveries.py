"""Admin pages of deliveries, with the operations retry, cancel, replay and discard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from dj_actions.admin.badges import badge_of_outcome
from dj_actions.admin.confirmation import (
    is_confirmed,
    reason_page,
    submitted_reason,
)
from dj_actions.admin.console_links import console_url
from dj_actions.admin.delivery_columns import (
    FIRST_FIELDS,
    OTHER_FIELDS,
    PAYLOAD_FIELDS,
    RESULT_FIELDS,
    SHOWN_IN_LIST,
    DeliveryColumns,
    DeliveryList,
    note_stops,
    reason_of,
)
from dj_actions.admin.filters import StateFilter
from dj_actions.admin.publisher_operations import PublisherOperations
from dj_actions.admin.read_only import Button, ReadOnly
from dj_actions.admin.times import moment_of
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
class DeliveryAdmin(DeliveryColumns, PublisherOperations, ReadOnly, DeliveryAdminBase):
    """Deliveries with their state, receipt and errors, and the operations of their publishers."""

    console_page = "deliveries"

    list_display = (
        *("id", "publisher", "status", "why", "link_to_event", "attempts"),
        *("queued", "next_step", "receipt"),
    )
    list_filter = (
        *(("state", StateFilter), "publisher", ("remote_state", StateFilter)),
        *("event__resource", "event__action"),
        ("settled_at", admin.DateFieldListFilter),
    )
    search_fields = ("=event__id", "=receipt_id", "=event__object_id")
    ordering = ("-id",)
    list_select_related = ("event",)
    show_full_result_count = False
    fieldsets = [
        (None, {"fields": [*FIRST_FIELDS]}),
        (_("Result"), {"fields": [*RESULT_FIELDS]}),
        (_("More"), {"fields": [*OTHER_FIELDS]}),
    ]
    readonly_fields = (*FIRST_FIELDS, *RESULT_FIELDS, *PAYLOAD_FIELDS, *OTHER_FIELDS)
    actions = [admin_action_of(change) for change in CHANGES.values()]

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Return whether the user has the model permission to change deliveries."""
        return request.user.has_perm("dj_actions.change_delivery")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        """Return the list that knows what stops publishers."""
        return DeliveryList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Delivery | None:
        """Return a delivery, with what stops its publisher."""
        delivery = super().get_object(request, object_id, from_field)
        if delivery:
            note_stops([delivery])
        return delivery

    def get_fieldsets(self, request: HttpRequest, obj: Delivery | None = None) -> Any:
        """Return the fields; those of the payload only for users who may view events."""
        fieldsets = [*super().get_fieldsets(request, obj)]
        if request.user.has_perm("dj_actions.view_actionevent"):
            fieldsets.insert(1, (_("Payload"), {"fields": [*PAYLOAD_FIELDS]}))
        return fieldsets

    def buttons(self, request: HttpRequest, obj: Any) -> Sequence[Button]:
        """Return the operations that the user may run on the delivery in its present state."""
        if not self.has_operate_permission(request):
            return ()
        return [
            Button(name=change.name, label=change.label, explanation=change.explanation)
            for change in CHANGES.values()
            if change.state == obj.state
        ]

    def console_url_of(self, request: HttpRequest, obj: Any) -> str:
        """Return the URL of the delivery on the timeline of its event."""
        url = console_url(request, "event", obj.event_id)
        return f"{url}#delivery-{obj.pk}" if url else ""

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show a delivery, with a table of what operators did with it."""
        context["operation_rows"] = [
            {
                "event": event,
                "recorded": moment_of(event, "created_at"),
                "outcome": badge_of_outcome(event),
            }
            for event in context.get("operation_events", ())
        ]
        return super().render_change_form(request, context, *args, **kwargs)

    def describe(self, delivery: Delivery) -> str:
        """Return a delivery as the page before an operation lists it."""
        text = f"{delivery.event} → {delivery.publisher}: {delivery.state}"
        reason = reason_of(delivery)
        return f"{text}, {reason[:SHOWN_IN_LIST]}" if reason else text

    def change(
        self, request: HttpRequest, queryset: DeliveryQuerySet, change: DeliveryChange
    ) -> HttpResponse | None:
        """Run an operation after asking for confirmation; one that is recorded, for a reason."""
        selected = queryset.count()
        reason = _submitted_reason(request, change)
        if reason is None:
            preview = run_change(change, queryset, actor=request.user, reason="", dry_run=True)
            return reason_page(
                self,
                request,
                queryset,
                title=change.title,
                description=_preview_text(preview, selected, change.state),
                has_reason=change.is_recorded,
            )
        back = _page_of_the_only(queryset)
        result = run_change(change, queryset, actor=request.user, reason=reason)
        self._report(request, result, selected, change.state)
        return back

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


def _submitted_reason(request: HttpRequest, change: DeliveryChange) -> str | None:
    """Return the reason, empty if none is required; None if the page was not submitted yet."""
    if change.is_recorded:
        return submitted_reason(request)
    return "" if is_confirmed(request) else None


def _preview_text(result: OperationResult, selected: int, state: Any) -> str:
    count = result.count
    text = ngettext("%d delivery will be changed.", "%d deliveries will be changed.", count) % count
    return text if count == selected else f"{text} {_skipped_text(result, selected, state)}"


def _skipped_text(result: OperationResult, selected: int, state: Any) -> str:
    return gettext("%(count)d skipped: not %(state)s.") % {
        "count": selected - result.count,
        "state": state,
    }


def _page_of_the_only(deliveries: DeliveryQuerySet) -> HttpResponse | None:
    """Return to the page of the delivery, if only one is selected; the list otherwise."""
    keys = list(deliveries.values_list("pk", flat=True)[:2])
    if len(keys) != 1:
        return None
    return HttpResponseRedirect(reverse("admin:dj_actions_delivery_change", args=keys))
