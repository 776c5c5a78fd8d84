"""The remote runs that actions have started."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from dj_actions.conf import get_settings
from dj_actions.console.screens.runs import run_rows
from dj_actions.console.views.base import ConsoleView
from dj_actions.console.views.deliveries import deliveries
from dj_actions.console.views.filters import RunFilters
from dj_actions.console.views.searching import Search, too_long_text, updates_of
from dj_actions.outbox.queries import DeliveryQuerySet, SearchTimeout
from dj_actions.publishers.offers import offers_to
from dj_actions.states import RemoteState

FAILING_STATES = [RemoteState.FAILED, RemoteState.LOST, RemoteState.RUNNING]
"""States of runs that have failed, or that may be stuck."""


class RunsView(ConsoleView):
    """The runs that match the filters, the newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return a page of the list."""
        form = RunFilters(request.GET)
        if not form.is_valid():
            status = HTTPStatus.BAD_REQUEST
            return self.page("runs.html", {"form": form}, section="runs", status=status)
        try:
            page = search_of(form).page(request)
        except SearchTimeout:
            status = HTTPStatus.SERVICE_UNAVAILABLE
            context = {"form": form, "refusal": too_long_text()}
            return self.page("runs.html", context, section="runs", status=status)
        context = {
            "form": form,
            "page": replace(page, rows=run_rows(page.rows)),
            "offers": offers_to(request.user),
            **updates_of(request),
        }
        return self.page("runs.html", context, section="runs")


def with_runs(publisher: str | None) -> DeliveryQuerySet:
    """Return the deliveries with a run, of one publisher or of all that are configured."""
    return deliveries().with_remote_run([publisher] if publisher else get_settings().publishers)


def filtered(form: RunFilters) -> DeliveryQuerySet:
    """Return the deliveries with a run that match a valid form."""
    filters = dict(form.filters())
    publisher = filters.pop("publisher", None)
    since, until = filters.pop("since", None), filters.pop("until", None)
    is_failing, ended_from = filters.pop("failing", False), filters.pop("ended_from", None)
    found = with_runs(publisher).filter(**filters).started_between(since, until)
    if ended_from:
        found = found.ended_from(ended_from)
    return found.failing() if is_failing else found


def search_of(form: RunFilters) -> Search:
    """Return what a valid form searches, and what finds it."""
    filters = form.filters()
    states = [filters["remote_state"]] if "remote_state" in filters else []
    if not states and "failing" in filters:
        states = FAILING_STATES
    runs = with_runs(filters.get("publisher")).filter(remote_state__in=states)
    return Search(
        wanted=filtered(form),
        # Of all publishers, as an index has them.
        among=deliveries().exclude(remote_state=RemoteState.UNTRACKED),
        indexed=runs if states else None,
        is_in_order=set(filters) <= {"remote_state"},
    )
