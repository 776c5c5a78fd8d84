"""The operations that publishers offer for their deliveries, in the admin of deliveries."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dj_actions.admin.action_admin import AdminActions
from dj_actions.admin.confirmation import Confirmation, confirmation_page, is_confirmed
from dj_actions.database import outside_transactions
from dj_actions.exceptions import DJActionsError
from dj_actions.models import ActionEvent, Delivery
from dj_actions.outbox.queries import DeliveryQuerySet
from dj_actions.publishers import OperationOutcome, OperationStatus
from dj_actions.publishers.offers import Offer, OutcomeReport, offers_to, recorded_resources

if TYPE_CHECKING:
    AdminBase = admin.ModelAdmin[Delivery]
else:
    AdminBase = object

MAX_MESSAGES = 10
"""Outcomes that are shown one by one after an operation; the others are counted."""

MAX_EVENTS = 50
"""Events of operations that the page of a delivery lists."""


class PublisherOperations(AdminBase):
    """A mixin of the admin of deliveries, with the operations that publishers offer."""

    @outside_transactions
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the list, or run an operation."""
        return super().changelist_view(request, extra_context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a delivery, with a button for each operation, and what was done before."""
        context = dict(extra_context or {})
        if delivery := self.get_object(request, object_id):
            offers = [offer for offer in offers_to(request.user) if offer.concerns(delivery)]
            context["publisher_operations"] = [offer.operation for offer in offers]
            context["operation_events"] = _events_about(request, delivery)
        return super().change_view(request, object_id, form_url, context)

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> AdminActions:
        """Return the actions of the admin and, for the change list, those of publishers.

        Args:
            request: the request.
            action_location: Django's `ActionLocation`, since Django 6.1; None: the change list.
        """
        location = () if action_location is None else (action_location,)
        actions: AdminActions = dict(super().get_actions(request, *location))
        if action_location is None or action_location.name == "CHANGE_LIST":
            for offer in offers_to(request.user):
                name = offer.operation.name
                run = functools.partial(_run_chosen, offer)
                actions[name] = (run, name, str(offer.operation.title))
        return actions

    def run_operation(
        self, offer: Offer, request: HttpRequest, chosen: DeliveryQuerySet
    ) -> HttpResponse | None:
        """Request what the operation needs, then run it on the selected deliveries."""
        operation = offer.operation
        form = operation.form(request.POST if is_confirmed(request) else None)
        selected = chosen.count()
        if selected > operation.max_deliveries:
            text = _("Select at most %d deliveries.") % operation.max_deliveries
            self.message_user(request, text, messages.ERROR)
            return None
        if not form.is_valid():
            return confirmation_page(
                self,
                request,
                chosen,
                Confirmation(
                    title=operation.title,
                    action=operation.name,
                    fields=form.as_p(),
                    errors=form.errors,
                    description=operation.description,
                ),
            )
        deliveries = chosen.filter(publisher__in=offer.aliases)
        try:
            outcomes = operation.run(deliveries, actor=request.user, data=form.cleaned_data)
        except DJActionsError as error:
            self.message_user(request, str(error), messages.ERROR)
            return None
        self._report_outcomes(request, outcomes, selected)
        return _page_of_the_only(chosen)

    def _report_outcomes(
        self, request: HttpRequest, outcomes: Sequence[OperationOutcome], selected: int
    ) -> None:
        """Show how many were done, and why others were not."""
        report = OutcomeReport.of(outcomes, selected=selected)
        done = report.done
        text = ngettext("Done for %d delivery.", "Done for %d deliveries.", done) % done
        level = messages.SUCCESS if report.is_whole else messages.WARNING
        self.message_user(request, text, level)
        shown = outcomes if selected == 1 else report.others
        for outcome in shown[:MAX_MESSAGES]:
            text = f"{outcome.delivery}: {outcome.message}"
            self.message_user(request, text, _LEVELS[outcome.status])
        if len(shown) > MAX_MESSAGES:
            text = _("And %d more.") % (len(shown) - MAX_MESSAGES)
            self.message_user(request, text, messages.WARNING)
        if report.foreign:
            text = _("%d skipped: their publisher does not offer this.") % report.foreign
            self.message_user(request, text, messages.WARNING)


_LEVELS = {
    OperationStatus.DONE: messages.SUCCESS,
    OperationStatus.PLANNED: messages.INFO,
    OperationStatus.SKIPPED: messages.WARNING,
    OperationStatus.FAILED: messages.ERROR,
    OperationStatus.UNKNOWN: messages.ERROR,
}


def _run_chosen(
    offer: Offer,
    model_admin: PublisherOperations,
    request: HttpRequest,
    chosen: DeliveryQuerySet,
) -> HttpResponse | None:
    return model_admin.run_operation(offer, request, chosen)


def _events_about(request: HttpRequest, delivery: Delivery) -> Sequence[ActionEvent]:
    """Return the latest events of operations on a delivery, if the user may view events."""
    resources = recorded_resources()
    if not (resources and request.user.has_perm("dj_actions.view_actionevent")):
        return ()
    return list(ActionEvent.objects.about(str(delivery.pk), resources)[:MAX_EVENTS])


def _page_of_the_only(chosen: DeliveryQuerySet) -> HttpResponse | None:
    """Return to the page of the delivery, if only one was selected."""
    keys = list(chosen.values_list("pk", flat=True)[:2])
    if len(keys) != 1:
        return None
    return HttpResponseRedirect(reverse("admin:dj_actions_delivery_change", args=keys))
