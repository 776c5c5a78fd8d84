"""Admin page of publishers, with the operations pause and resume."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from dj_actions.admin.confirmation import reason_page, submitted_reason
from dj_actions.admin.read_only import ReadOnly
from dj_actions.conf import get_settings
from dj_actions.exceptions import InvalidAction
from dj_actions.models import PublisherState
from dj_actions.operations import OperationResult, pause, resume

if TYPE_CHECKING:
    PublisherAdminBase = admin.ModelAdmin[PublisherState]
else:
    PublisherAdminBase = admin.ModelAdmin


@admin.register(PublisherState)
class PublisherStateAdmin(ReadOnly, PublisherAdminBase):
    """Publishers, whether they are paused, and the state of their circuit breakers."""

    list_display = (
        "alias",
        "is_flowing",
        "paused_at",
        "paused_by",
        "pause_reason",
        "open_until",
        "open_reason",
        "failures",
    )
    actions = ["pause", "resume"]

    def changelist_view(self, request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        """Show all configured publishers; create the rows that do not exist yet."""
        PublisherState.objects.bulk_create(
            [PublisherState(alias=alias) for alias in get_settings().publishers],
            ignore_conflicts=True,
        )
        return super().changelist_view(request, *arguments, **named)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PublisherState]:
        """Leave out the row that has the environment of the data."""
        rows: Any = super().get_queryset(request)
        return cast("QuerySet[PublisherState]", rows.publishers())

    @admin.display(description=_("sends"), boolean=True)
    def is_flowing(self, publisher: PublisherState) -> bool:
        """Return whether relays send to the publisher."""
        return publisher.paused_at is None and publisher.open_until is None

    @admin.action(description=_("Pause the selected publishers"), permissions=["operate"])
    def pause(
        self, request: HttpRequest, queryset: QuerySet[PublisherState]
    ) -> HttpResponse | None:
        """Pause publishers after asking for a reason."""
        return self._change(request, queryset, pause, _("Pause publishers"))

    @admin.action(description=_("Resume the selected publishers"), permissions=["operate"])
    def resume(
        self, request: HttpRequest, queryset: QuerySet[PublisherState]
    ) -> HttpResponse | None:
        """Resume publishers after asking for a reason."""
        return self._change(request, queryset, resume, _("Resume publishers"))

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Return whether the user has the model permission to change publishers."""
        return request.user.has_perm("dj_actions.change_publisherstate")

    def _change(
        self,
        request: HttpRequest,
        queryset: QuerySet[PublisherState],
        operation: Callable[..., OperationResult],
        title: Any,
    ) -> HttpResponse | None:
        reason = submitted_reason(request)
        if reason is None:
            return reason_page(self, request, queryset, title=title)
        for alias in queryset.values_list("alias", flat=True):
            try:
                result = operation(alias, actor=request.user, reason=reason)
            except InvalidAction as error:
                self.message_user(request, str(error), messages.ERROR)
                continue
            text, level = (
                (_("%s was changed."), messages.SUCCESS)
                if result.count
                else (_("%s was left unchanged."), messages.WARNING)
            )
            self.message_user(request, text % alias, level)
        return None
