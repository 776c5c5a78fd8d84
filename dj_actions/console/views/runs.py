"""The remote runs that actions have started."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from django import forms
from django.db import router
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from dj_actions.conf import get_settings
from dj_actions.console.conf import get_console_settings
from dj_actions.console.screens.runs import run_rows
from dj_actions.console.views.base import ConsoleView
from dj_actions.console.views.filters import FilterForm, choices
from dj_actions.console.views.paging import before_delivery, page_of
from dj_actions.models import Delivery
from dj_actions.states import RemoteState

TRACKED = [state for state in RemoteState if state is not RemoteState.UNTRACKED]


class RunFilters(FilterForm):
    """Filters of the list of runs."""

    remote_state = forms.ChoiceField(label=_("State"), required=False, choices=choices(TRACKED))
    receipt_scope = forms.CharField(label=_("DAG"), required=False, max_length=255)


class RunsView(ConsoleView):
    """The runs that match the filters, the newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return a page of the list."""
        form = RunFilters(request.GET)
        if not form.is_valid():
            status = HTTPStatus.BAD_REQUEST
            return self.page("runs.html", {"form": form}, section="runs", status=status)
        size = get_console_settings().page_size
        started = Delivery.objects.using(router.db_for_write(Delivery)).with_remote_run(
            list(get_settings().publishers)
        )
        rows = started.filter(**form.filters()).page_before(before_delivery(request), size=size + 1)
        page = page_of(request, rows, size=size)
        shown = replace(page, rows=run_rows(page.rows))
        return self.page("runs.html", {"form": form, "page": shown}, section="runs")
