"""The dead letters, grouped by their cause."""

from __future__ import annotations

from django.db import router
from django.http import HttpRequest, HttpResponse

from dj_actions.console.screens.causes import causes_of
from dj_actions.console.views.base import ConsoleView
from dj_actions.console.views.deliveries import MAX_SELECTED, acts_of
from dj_actions.models import Delivery
from dj_actions.states import DeliveryState


class DeadLettersView(ConsoleView):
    """Causes with their counts, and the acts on all deliveries of one cause."""

    def get(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        """Return the page."""
        failed = Delivery.objects.using(router.db_for_write(Delivery)).failed()
        context = {
            "causes": causes_of(failed),
            "count": len(failed),
            "acts": acts_of(self.may, DeliveryState.DEAD),
            "max_selected": MAX_SELECTED,
        }
        return self.page("dead_letters.html", context, section="dead_letters")
