"""The deliveries, and what people do with them: one, the selected, or all that match."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import router
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from dj_actions.console.views.base import ConsoleView
from dj_actions.console.views.filters import RETRYING, DeliveryFilters
from dj_actions.console.views.paging import delivery_id, without_paging
from dj_actions.console.views.searching import Search, too_long_text, updates_of
from dj_actions.models import Delivery
from dj_actions.operations import OperationResult
from dj_actions.operations.deliveries import run_change
from dj_actions.operations.delivery_changes import CHANGES, DeliveryChange
from dj_actions.outbox.queries import DeliveryQuerySet, SearchTimeout
from dj_actions.states import DeliveryState, RemoteState

MAX_SELECTED = 5000
"""Deliveries that can be selected: all of one cause, as the page of dead letters groups them."""

INDEXED_STATES = (DeliveryState.PENDING, RETRYING, DeliveryState.SENDING, DeliveryState.DEAD)
"""States of which an index has all deliveries. Those that are settled normally are too many."""

PREVIEWED = 20
"""Deliveries that the page before an act shows."""


class DeliveriesView(ConsoleView):
    """The deliveries that match the filters."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return a page of the list."""
        form = DeliveryFilters(request.GET)
        if not form.is_valid():
            return self._list({"form": form}, status=HTTPStatus.BAD_REQUEST)
        try:
            page = search_of(form).page(request)
        except SearchTimeout:
            context = {"form": form, "refusal": too_long_text()}
            return self._list(context, status=HTTPStatus.SERVICE_UNAVAILABLE)
        context = {
            "form": form,
            "page": page,
            "acts": acts_of(self.may, form.filters().get("state")),
            "filters": without_paging(request.GET),
            **updates_of(request),
        }
        return self._list(context)

    def _list(
        self, context: Mapping[str, Any], *, status: HTTPStatus = HTTPStatus.OK
    ) -> HttpResponse:
        return self.page("deliveries.html", context, section="deliveries", status=status)


class ReasonForm(forms.Form):
    """The reason for an act."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It is recorded with your name."),
    )


class ActView(ConsoleView):
    """Shows what an act would change, asks for a reason, and runs it."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        """Return the preview, or run the act and show its record."""
        act = CHANGES[name]
        if not self.may[act.permitted_as]:
            raise PermissionDenied(gettext("You may not do this in the console: %s.") % act.label)
        chosen = chosen_deliveries(request)
        is_confirmed = "confirmed" in request.POST
        form = ReasonForm(request.POST if is_confirmed else None)
        if not is_confirmed or (act.is_recorded and not form.is_valid()):
            return self._preview(request, act, chosen, form)
        return self._run(request, act, chosen, form)

    def _preview(
        self, request: HttpRequest, act: DeliveryChange, chosen: DeliveryQuerySet, form: ReasonForm
    ) -> HttpResponse:
        result = run_change(act, chosen, actor=request.user, reason="", dry_run=True)
        rows = Delivery.objects.using(chosen.db).filter(pk__in=result.ids[:PREVIEWED])
        context = {
            "act": act,
            "count": result.count,
            "rows": rows.select_related("event").order_by("pk"),
            "more": max(0, result.count - PREVIEWED),
            "form": form if act.is_recorded else None,
            "hidden": [
                (key, value)
                for key in ("selected", "filters", "all")
                for value in request.POST.getlist(key)
            ],
        }
        status = HTTPStatus.BAD_REQUEST if form.errors else HTTPStatus.OK
        return self.page("act.html", context, section="deliveries", status=status)

    def _run(
        self, request: HttpRequest, act: DeliveryChange, chosen: DeliveryQuerySet, form: ReasonForm
    ) -> HttpResponse:
        reason = form.cleaned_data["reason"] if act.is_recorded else ""
        result = run_change(act, chosen, actor=request.user, reason=reason)
        changed = ngettext("%d delivery changed.", "%d deliveries changed.", result.count)
        messages.success(request, changed % result.count)
        return HttpResponseRedirect(self._next(result), status=HTTPStatus.SEE_OTHER)

    def _next(self, result: OperationResult) -> str:
        if result.event_id:
            return reverse("dj_actions_console:event", args=[result.event_id])
        return reverse("dj_actions_console:deliveries")


def deliveries() -> DeliveryQuerySet:
    """Return all deliveries, as the database has them that is written to."""
    return Delivery.objects.using(router.db_for_write(Delivery))


def filtered(form: DeliveryFilters) -> DeliveryQuerySet:
    """Return the deliveries that match a valid form."""
    filters = dict(form.filters())
    remote_state, settled_from = (
        filters.pop("remote_state", None),
        filters.pop("settled_from", None),
    )
    has_failed_attempts = filters.pop("failed_attempts", False)
    is_retrying = filters.get("state") == RETRYING
    if is_retrying:
        del filters["state"]
    found = deliveries().matching(**filters)
    if is_retrying:
        found = found.retrying()
    if remote_state:
        found = found.filter(remote_state=remote_state)
    if settled_from:
        found = found.settled_from(settled_from)
    return found.with_failed_attempts() if has_failed_attempts else found


def search_of(form: DeliveryFilters) -> Search:
    """Return what a valid form searches, and what finds it."""
    filters = form.filters()
    state, remote_state = filters.get("state"), filters.get("remote_state")
    indexed = None
    if state in INDEXED_STATES:
        state = DeliveryState.PENDING if state == RETRYING else state
        indexed = deliveries().matching(state=state, publisher=filters.get("publisher"))
    elif remote_state not in (None, RemoteState.UNTRACKED):
        indexed = deliveries().filter(remote_state=remote_state)
    return Search(
        wanted=filtered(form),
        among=deliveries(),
        indexed=indexed,
        # An object has few deliveries, and those of its events are found by their index.
        is_in_order=not filters or "object" in filters or set(filters) == {"remote_state"},
    )


def chosen_deliveries(request: HttpRequest) -> DeliveryQuerySet:
    """Return the deliveries that a form chose: all that match the filters, or the selected ones.

    Raises:
        BadRequest: nothing is selected, or a value is invalid.
    """
    if request.POST.get("all"):
        form = DeliveryFilters(QueryDict(request.POST.get("filters", "")))
        if not form.is_valid():
            raise BadRequest(gettext("The filters are invalid: %s") % form.errors.as_text())
        return filtered(form)
    selected = [text for value in request.POST.getlist("selected") for text in value.split(",")]
    ids = [delivery_id(text) for text in selected]
    if not ids or None in ids or len(ids) > MAX_SELECTED:
        raise BadRequest(gettext("Select between 1 and %d deliveries.") % MAX_SELECTED)
    return Delivery.objects.using(router.db_for_write(Delivery)).matching(
        ids=[number for number in ids if number is not None]
    )


def acts_of(may: Mapping[str, bool], state: str | None) -> Mapping[str, DeliveryChange]:
    """Return the acts that a user may run on deliveries in a state; None stands for any.

    Args:
        may: name of a verb, in lower case → whether the user may do it.
        state: the state.
    """
    state = DeliveryState.PENDING if state == RETRYING else state
    return {
        name: act
        for name, act in CHANGES.items()
        if (state is None or act.state == state) and may[act.permitted_as]
    }
