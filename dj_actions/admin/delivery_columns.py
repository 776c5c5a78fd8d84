"""What the admin shows of a delivery."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dj_actions.admin.attempts import attempt_table
from dj_actions.admin.badges import badge, badges_of
from dj_actions.admin.payloads import formatted, json_column
from dj_actions.admin.read_only import link_to_receipt, links_to_parts
from dj_actions.admin.remote_runs import link_to_failure, log_of_failure, past_states
from dj_actions.admin.times import moment_of, time_column
from dj_actions.console.screens.publisher_rows import PAUSED, STOPPED
from dj_actions.console.screens.status import Status
from dj_actions.models import Delivery, PublisherState
from dj_actions.outbox.times import aware
from dj_actions.states import DeliveryState

FIRST_FIELDS = (
    *("status", "why", "publisher", "link_to_event", "queued", "next_step", "attempts"),
    "attempt_table",
)
RESULT_FIELDS = (
    *("receipt", "receipt_scope", "all_results", "remote_run", "remote_ended", "failed_step"),
    *("log_of_failure", "remote_result", "past_states"),
)
PAYLOAD_FIELDS = ("event_input", "event_result", "event_extra")
"""What the event has received and returned; shown to those who may view events."""

OTHER_FIELDS = ("recorded_options", "first_sent", "sent", "sending_seconds", "relay")

SHOWN_IN_LIST = 200
"""Characters of the reason of a failure in the list."""

Text = SafeString | str


def note_stops(deliveries: Iterable[Delivery]) -> None:
    """Note with each delivery what stops its publisher, for `DeliveryColumns.next_step`."""
    rows = list(deliveries)
    if not rows:
        return
    publishers = PublisherState.objects.using(rows[0]._state.db).publishers()
    stops = {state.alias: stop for state in publishers if (stop := _stop_of(state))}
    for delivery in rows:
        delivery.publisher_stop = stops.get(delivery.publisher)  # type: ignore[attr-defined]  # noted


def _stop_of(state: PublisherState) -> Status | None:
    if state.paused_at is not None:
        return PAUSED
    return STOPPED if state.open_until is not None else None


class DeliveryList(ChangeList):
    """The list of deliveries, which knows what stops their publishers."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the rows of the page."""
        super().get_results(request)
        note_stops(self.result_list)


class DeliveryColumns:
    """A mixin of the admin of deliveries, with the columns of the list and the fields of a page."""

    queued = time_column("queued_at", _("queued"))
    first_sent = time_column("first_sent_at", _("first sent"))
    sent = time_column("sent_at", _("sent"))
    remote_ended = time_column("remote_ended_at", _("remote end"))
    event_input = json_column(lambda delivery: delivery.event.request_data, _("input"))
    event_result = json_column(lambda delivery: delivery.event.response_data, _("result"))
    event_extra = json_column(lambda delivery: delivery.event.extra, _("extra data"))
    recorded_options = json_column(lambda delivery: delivery.options, _("options of the route"))

    @admin.display(description=_("state"), ordering="state")
    def status(self, delivery: Delivery) -> SafeString:
        """Return the state of the delivery and that of its remote run, marked."""
        return badges_of(delivery)

    @admin.display(description=_("why"))
    def why(self, delivery: Delivery) -> Text:
        """Return the latest error, or why the remote run failed; the list shows the beginning."""
        text = reason_of(delivery)
        if not text:
            return "-"
        return format_html('<span class="dj-actions-why">{}</span>', text[:SHOWN_IN_LIST])

    @admin.display(description=_("next attempt, or settled"), ordering="settled_at")
    def next_step(self, delivery: Delivery) -> Text:
        """Return when it was settled, or when it is due and what stops its publisher."""
        if delivery.settled_at is not None:
            return moment_of(delivery, "settled_at")
        if delivery.state != DeliveryState.PENDING:
            return "-"
        due_at = aware(delivery.available_at, using=str(delivery._state.db))
        is_due = due_at <= datetime.now(UTC)
        due = gettext("due now") if is_due else moment_of(delivery, "available_at")
        stop: Status | None = getattr(delivery, "publisher_stop", None)
        return format_html("{}<br>{}", due, badge(stop)) if stop else due

    @admin.display(description=_("event"), ordering="event")
    def link_to_event(self, delivery: Delivery) -> SafeString:
        """Return a link to the event."""
        url = reverse("admin:dj_actions_actionevent_change", args=[delivery.event_id])
        return format_html('<a href="{}">{}</a>', url, delivery.event)

    @admin.display(description=_("receipt"))
    def receipt(self, delivery: Delivery) -> Text:
        """Return the receipt, linked to its page at the destination."""
        return link_to_receipt(delivery)

    @admin.display(description=_("all results"))
    def all_results(self, delivery: Delivery) -> Text:
        """Return each of several results, linked to its page at the destination."""
        return links_to_parts(delivery)

    @admin.display(description=_("remote run"), ordering="remote_state")
    def remote_run(self, delivery: Delivery) -> str:
        """Return the state of the remote run, with what its destination says about it."""
        return delivery.remote_summary or "-"

    @admin.display(description=_("failed step"))
    def failed_step(self, delivery: Delivery) -> Text:
        """Return the step that failed, linked to its page at the destination."""
        return link_to_failure(delivery)

    @admin.display(description=_("end of its log"))
    def log_of_failure(self, delivery: Delivery) -> Text:
        """Return the last lines of the log of the step that failed."""
        return log_of_failure(delivery)

    @admin.display(description=_("result of the remote run"))
    def remote_result(self, delivery: Delivery) -> Text:
        """Return what the remote run has returned."""
        return formatted(delivery.remote_result)

    @admin.display(description=_("states of the remote run"))
    def past_states(self, delivery: Delivery) -> Text:
        """Return the latest states of the remote run, one per line."""
        return past_states(delivery)

    @admin.display(description=_("attempts that are kept"))
    def attempt_table(self, delivery: Delivery) -> Text:
        """Return the attempts as a table, the oldest first."""
        return attempt_table(delivery.attempt_log, using=str(delivery._state.db))


def reason_of(delivery: Delivery) -> str:
    """Return the latest error of a delivery, or why its remote run failed; empty without one."""
    if delivery.state == DeliveryState.DELIVERED:
        return delivery.failed_step or delivery.remote_hint
    if not delivery.errors:
        return ""
    error = delivery.errors[-1]
    return f"{error.get('kind', '')}: {error.get('message', '')}"
