"""What publishers offer to do with what was started at the destination: rerun, mark, and so on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from dj_actions.console.screens.batches import OUTCOME_STATUS, OutcomeRow, outcome_rows
from dj_actions.console.views.base import ConsoleView
from dj_actions.console.views.deliveries import ReasonForm
from dj_actions.console.views.paging import delivery_id
from dj_actions.exceptions import DJActionsError
from dj_actions.models import ActionEvent, Delivery
from dj_actions.operations.batches import STEP_SIZE, Batch
from dj_actions.publishers import OperationStatus
from dj_actions.publishers.offers import Offer, offers_to

PREVIEWED = 20
"""Deliveries of which the page before an act asks the destination what would happen."""

PREFIX = "input"
"""Prefix of the fields of the publisher's own form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRequest:
    """What was submitted."""

    offer: Offer
    ids: tuple[int, ...]
    form: forms.Form
    step: str
    """Empty for the first page, `preview`, or `run`."""

    key: str
    position: int

    @property
    def data(self) -> Mapping[str, Any]:
        """The cleaned data of the fields that the publisher has declared."""
        declared = self.offer.operation.form.base_fields
        return {name: self.form.cleaned_data[name] for name in declared}

    @property
    def reason(self) -> str:
        """Why."""
        return str(self.form.cleaned_data["reason"])


class RunActView(ConsoleView):
    """Asks for what an operation needs, shows what it would do, and runs it step by step."""

    uses_network = True
    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        """Return the form, the preview or the progress; at the end, show the record."""
        act = _submitted(request, name)
        if act.step == "run" and act.form.is_valid():
            return self._run(request, act)
        return self._ask(request, act)

    def _ask(self, request: HttpRequest, act: ActRequest) -> HttpResponse:
        """Return the page with the form and, if it is valid, what would happen."""
        deliveries = list(Delivery.objects.current(act.ids).select_related("event").order_by("pk"))
        concerned = [row for row in deliveries if act.offer.concerns(row)]
        is_previewed = act.step == "preview" and act.form.is_valid()
        planned, refusal = _preview(request, act, concerned) if is_previewed else ([], "")
        doable = sum(row.status is OUTCOME_STATUS[OperationStatus.PLANNED] for row in planned)
        has_more = len(concerned) > PREVIEWED
        context = {
            "operation": act.offer.operation,
            "form": act.form,
            "key": act.key,
            "deliveries": concerned,
            "runs": sum(len(row.receipt_parts) or 1 for row in concerned),
            "others": len(act.ids) - len(concerned),
            "planned": planned,
            "doable": doable,
            "refusal": refusal,
            "previewed": min(PREVIEWED, len(concerned)),
            # Not the function itself, which a template would call.
            "has_preview": act.offer.operation.preview is not None,
            "can_run": act.offer.operation.preview is None
            or (is_previewed and not refusal and (doable > 0 or has_more)),
        }
        status = HTTPStatus.BAD_REQUEST if act.form.errors else HTTPStatus.OK
        return self.page("run_act.html", context, section="runs", status=status)

    def _run(self, request: HttpRequest, act: ActRequest) -> HttpResponse:
        """Run one step; then let the browser request the next one, or show the record."""
        batch = Batch(
            offer=act.offer,
            ids=act.ids,
            actor=request.user,
            reason=act.reason,
            data=act.data,
            key=act.key,
        )
        try:
            event_id = batch.run_step(act.position)
        except DJActionsError as error:
            messages.error(request, str(error))
            return _see(reverse("dj_actions_console:runs"))
        except ActionEvent.DoesNotExist as error:
            raise BadRequest(gettext("The form was changed. Begin again.")) from error
        if act.position + STEP_SIZE >= len(act.ids):
            return _see(reverse("dj_actions_console:event", args=[event_id]))
        return self._progress(act, event_id)

    def _progress(self, act: ActRequest, event_id: UUID) -> HttpResponse:
        context = {
            "operation": act.offer.operation,
            "form": act.form,
            "key": act.key,
            "ids": act.ids,
            "position": act.position + STEP_SIZE,
            "event_id": event_id,
        }
        return self.page("run_progress.html", context, section="runs")


def _submitted(request: HttpRequest, name: str) -> ActRequest:
    """Return what was submitted.

    Raises:
        PermissionDenied: the user may not run the operation, or no publisher offers it.
        BadRequest: the selection is empty or too large, or a value is invalid.
    """
    offer = next((entry for entry in offers_to(request.user) if entry.operation.name == name), None)
    if offer is None:
        raise PermissionDenied(gettext("You may not do this in the console: %s.") % name)
    step, position = request.POST.get("step", ""), request.POST.get("position", "0")
    ids = _selected(request, offer)
    if step not in ("", "preview", "run") or position not in _positions(ids):
        raise BadRequest(gettext("The form was changed. Begin again."))
    return ActRequest(
        offer=offer,
        ids=ids,
        form=_form(offer, request.POST if step else None),
        step=step,
        key=_key(request) if step else uuid4().hex,
        position=int(position),
    )


def _selected(request: HttpRequest, offer: Offer) -> tuple[int, ...]:
    ids = [delivery_id(text) for text in request.POST.getlist("selected")]
    limit = offer.operation.max_deliveries
    if not ids or None in ids or len(ids) > limit:
        raise BadRequest(gettext("Select between 1 and %d deliveries.") % limit)
    return tuple(sorted({number for number in ids if number is not None}))


def _positions(ids: Sequence[int]) -> Collection[str]:
    """Return where the steps begin."""
    return {str(position) for position in range(0, len(ids), STEP_SIZE)}


def _key(request: HttpRequest) -> str:
    try:
        return UUID(request.POST.get("key", "")).hex
    except ValueError as error:
        raise BadRequest(gettext("The form was changed. Begin again.")) from error


def _form(offer: Offer, posted: Any) -> forms.Form:
    """Return the publisher's form, which always asks for a reason here."""
    form = offer.operation.form(posted, prefix=PREFIX)
    reason = form.fields.setdefault("reason", ReasonForm().fields["reason"])
    reason.required = True
    return form


def _preview(
    request: HttpRequest, act: ActRequest, concerned: Sequence[Delivery]
) -> tuple[list[OutcomeRow], str]:
    """Return what the operation would do to the first deliveries, or why it would do nothing."""
    preview = act.offer.operation.preview
    if preview is None:
        return [], ""
    chosen = Delivery.objects.current([row.pk for row in concerned[:PREVIEWED]])
    try:
        return outcome_rows(preview(chosen, actor=request.user, data=act.data)), ""
    except DJActionsError as error:
        return [], str(error)


def _see(url: str) -> HttpResponse:
    return HttpResponseRedirect(url, status=HTTPStatus.SEE_OTHER)
