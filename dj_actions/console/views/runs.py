"""The remote runs that actions have started."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from django.db import router
from django.http import HttpRequest, HttpResponse

from dj_actions.conf import get_settings
from dj_actions.console.conf import get_console_settings
from dj_actions.console.screens.runs import run_rows
from dj_actions.console.views.base import ConsoleView
from dj_actions.console.views.filters import RunFilters
from dj_actions.console.views.paging import before_delivery, page_of
from dj_actions.models import Delivery
from dj_actions.outbox.queries import DeliveryQuerySet
from dj_actions.publishers.offers import offers_to


class RunsView(ConsoleView):
    """The runs that match the filters, the newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return a page of the list."""
        form = RunFilters(request.GET)
        if not form.is_valid():
            status = HTTPStatus.BAD_REQUEST
            return self.page("runs.html", {"form": form}, section="runs", status=status)
        size = get_console_settings().page_size
        rows = filtered(form).page_before(before_delivery(request), size=size + 1)
        page = page_of(request, rows, size=size)
        context = {
            "form": form,
            "page": replace(page, rows=run_rows(page.rows)),
            "offers": offers_to(request.user),
        }
        return self.page("runs.html", context, section="runs")


def filtered(form: RunFilters) -> DeliveryQuerySet:
    """Return the deliveries with a run that match a valid form."""
    filters = dict(form.filters())
    publisher = filters.pop("publisher", None)
    since, until = filters.pop("since", None), filters.pop("until", None)
    is_failing = filters.pop("failing", False)
    deliveries = Delivery.objects.using(router.db_for_write(Delivery))
    started = deliveries.with_remote_run([publisher] if publisher else get_settings().publishers)
    found = started.filter(**filters).started_between(since, until)
    return found.failing() if is_failing else found
