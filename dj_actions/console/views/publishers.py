"""The publishers: their settings without secrets; pause, resume and test one."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import router
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from dj_actions import operations
from dj_actions.conf import get_settings
from dj_actions.console.access import Verb, may
from dj_actions.console.screens.overview import current_rows
from dj_actions.console.screens.publisher_rows import PublisherRow
from dj_actions.console.screens.publishers import configuration_of
from dj_actions.console.views.base import ConsoleView
from dj_actions.console.views.deliveries import ReasonForm
from dj_actions.exceptions import InvalidSetting, error_message
from dj_actions.models import Delivery
from dj_actions.outbox.queries import MAX_SEARCHED
from dj_actions.outbox.timings import DAY, WINDOWS, Timings
from dj_actions.publishers import publishers

CHANGES = {"pause": operations.pause, "resume": operations.resume}
"""Name of an act → what it does."""

LATEST = 20
"""Deliveries on the page of a publisher."""


class PublishersView(ConsoleView):
    """All publishers."""

    def get(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        """Return the page."""
        return self.page("publishers.html", {"rows": current_rows()}, section="publishers")


class PublisherView(ConsoleView):
    """One publisher: its settings, its latest deliveries, and what can be done with it."""

    uses_network = True
    http_method_names = ["get", "head", "options", "post"]

    def get(self, request: HttpRequest, alias: str) -> HttpResponse:  # noqa: ARG002
        """Return the page."""
        return self._show(alias, ReasonForm())

    def post(self, request: HttpRequest, alias: str) -> HttpResponse:
        """Pause or resume the publisher, or test the connection to its destination."""
        if not may(request.user, Verb.PAUSE):
            raise PermissionDenied(gettext("You may not do this in the console: %s.") % Verb.PAUSE)
        _require_configured(alias)
        act = request.POST.get("act")
        if act == "test":
            _test(request, alias)
            return _back(alias)
        if act not in CHANGES:
            raise BadRequest(gettext("Choose what to do: pause, resume or test."))
        form = ReasonForm(request.POST)
        if not form.is_valid():
            return self._show(alias, form, status=HTTPStatus.BAD_REQUEST)
        result = CHANGES[act](alias, actor=request.user, reason=form.cleaned_data["reason"])
        if result.count:
            messages.success(request, gettext("%s was changed.") % alias)
        else:
            messages.warning(request, gettext("%s was left unchanged.") % alias)
        return _back(alias)

    def _show(
        self, alias: str, form: ReasonForm, *, status: HTTPStatus = HTTPStatus.OK
    ) -> HttpResponse:
        row = next((row for row in current_rows() if row.alias == alias), None)
        if row is None:
            raise Http404(gettext("There is no publisher %r.") % alias)
        rows = Delivery.objects.using(router.db_for_write(Delivery))
        context = {
            "row": row,
            "configuration": configuration_of(alias),
            "latest": rows.newest_with("publisher", alias).page_before(None, size=LATEST),
            "timings": _timings_of(row, using=rows.db),
            "max_searched": MAX_SEARCHED,
            "form": form,
        }
        return self.page("publisher.html", context, section="publishers", status=status)


def _timings_of(row: PublisherRow, *, using: str) -> Mapping[str, Timings]:
    """Return the timings of a publisher for each period; what the row has is not read again."""
    rows = Delivery.objects.using(using)
    known = {DAY: row.timings}
    return {
        label: known.get(seconds) or rows.timings(row.alias, seconds=seconds)
        for label, seconds in WINDOWS.items()
    }


def _require_configured(alias: str) -> None:
    if alias not in get_settings().publishers:
        raise Http404(gettext("There is no publisher %r.") % alias)


def _test(request: HttpRequest, alias: str) -> None:
    """Ask the destination whether it can be reached, and report what it answered."""
    try:
        publisher: Any = publishers[alias]
    except InvalidSetting as error:
        messages.error(request, str(error))
        return
    try:
        is_checked = publisher.check_reachable()
    except Exception as error:  # noqa: BLE001 - whatever a publisher raises is the answer
        text = gettext("%(alias)s is not reachable: %(error)s")
        messages.error(request, text % {"alias": alias, "error": error_message(error)})
    else:
        text = gettext("%s is reachable.") if is_checked else gettext("%s has no such test.")
        messages.success(request, text % alias)
    finally:
        publisher.close()


def _back(alias: str) -> HttpResponse:
    url = reverse("dj_actions_console:publisher", args=[alias])
    return HttpResponseRedirect(url, status=HTTPStatus.SEE_OTHER)
