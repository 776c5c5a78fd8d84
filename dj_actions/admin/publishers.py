"""Admin page of publishers, with the operations pause and resume."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from dj_actions.admin.badges import badge
from dj_actions.admin.confirmation import reason_page, submitted_reason
from dj_actions.admin.console_links import console_url
from dj_actions.admin.read_only import Button, ReadOnly
from dj_actions.admin.times import moment, time_column
from dj_actions.conf import get_settings
from dj_actions.console.screens.overview import current_rows
from dj_actions.console.screens.publisher_rows import PublisherRow
from dj_actions.exceptions import InvalidAction
from dj_actions.models import PublisherState
from dj_actions.operations import OperationResult, pause, resume
from dj_actions.states import DeliveryState

if TYPE_CHECKING:
    PublisherAdminBase = admin.ModelAdmin[PublisherState]
else:
    PublisherAdminBase = admin.ModelAdmin


class PublisherList(ChangeList):
    """The list of publishers, which knows what they do now."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the rows of the page."""
        super().get_results(request)
        note_rows(self.result_list)


def note_rows(states: Iterable[PublisherState]) -> None:
    """Note with each publisher what it does now, for the columns of the list."""
    rows = {row.alias: row for row in current_rows()}
    for state in states:
        state.row = rows.get(state.alias)  # type: ignore[attr-defined]  # noted


def _row(publisher: PublisherState) -> PublisherRow | None:
    return getattr(publisher, "row", None)


def _link_to_deliveries(
    publisher: PublisherState, state: DeliveryState, count: int
) -> SafeString | str:
    """Return a number of deliveries, linked to the list of them."""
    if not count:
        return "0"
    query = urlencode({"publisher": publisher.alias, "state": state.value})
    url = reverse("admin:dj_actions_delivery_changelist")
    return format_html('<a href="{}?{}">{}</a>', url, query, count)


@admin.register(PublisherState)
class PublisherStateAdmin(ReadOnly, PublisherAdminBase):
    """Publishers, whether they are paused, and the state of their circuit breakers."""

    console_page = "publishers"
    list_display = ("alias", "status", "why", "waiting", "oldest", "dead")
    fields = readonly_fields = (
        *("alias", "status", "why", "waiting", "oldest", "dead"),
        *("paused", "paused_by", "failures", "probes", "breaker_until"),
    )
    actions = ["pause", "resume"]

    paused = time_column("paused_at", _("paused"))
    breaker_until = time_column("open_until", _("circuit breaker open until"))

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

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002
        """Return the list that knows what the publishers do now."""
        return PublisherList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> PublisherState | None:
        """Return a publisher, with what it does now."""
        publisher = super().get_object(request, object_id, from_field)
        if publisher:
            note_rows([publisher])
        return publisher

    def buttons(self, request: HttpRequest, obj: Any) -> Sequence[Button]:
        """Return pause or resume, if the user may run them."""
        if not self.has_operate_permission(request):
            return ()
        if obj.paused_at is None:
            return [Button(name="pause", label=_("Pause"))]
        return [Button(name="resume", label=_("Resume"))]

    def console_url_of(self, request: HttpRequest, obj: Any) -> str:
        """Return the URL of the publisher's page in the console."""
        return console_url(request, "publisher", obj.alias)

    @admin.display(description=_("state"))
    def status(self, publisher: PublisherState) -> SafeString | str:
        """Return what the publisher does now, marked."""
        row = _row(publisher)
        return badge(row.now.status) if row else "-"

    @admin.display(description=_("why"))
    def why(self, publisher: PublisherState) -> SafeString | str:
        """Return who or what stops it, and why."""
        row = _row(publisher)
        if row is None or not row.now.explanation:
            return "-"
        return format_html('<span class="dj-actions-why">{}</span>', row.now.explanation)

    @admin.display(description=_("pending"))
    def waiting(self, publisher: PublisherState) -> SafeString | str:
        """Return the number of its pending deliveries, linked to them."""
        row = _row(publisher)
        count = row.open.pending if row else 0
        return _link_to_deliveries(publisher, DeliveryState.PENDING, count)

    @admin.display(description=_("oldest"))
    def oldest(self, publisher: PublisherState) -> SafeString | str:
        """Return when its oldest pending delivery was queued."""
        row = _row(publisher)
        oldest = row.open.oldest_queued_at if row else None
        return moment(oldest, using=str(publisher._state.db))

    @admin.display(description=_("dead letters"))
    def dead(self, publisher: PublisherState) -> SafeString | str:
        """Return the number of its dead letters, linked to them."""
        row = _row(publisher)
        return _link_to_deliveries(publisher, DeliveryState.DEAD, row.open.dead if row else 0)

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
