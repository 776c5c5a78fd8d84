"""The dead letters, grouped by their cause."""

from __future__ import annotations

from urllib.parse import urlencode

from django.db import router
from django.http import HttpRequest, HttpResponse

from dj_actions.console.screens.causes import causes_of
from dj_actions.console.views.base import ConsoleView
from dj_actions.console.views.deliveries import acts_of
from dj_actions.models import Delivery
from dj_actions.outbox.queries import MAX_COUNTED, MAX_GROUPED
from dj_actions.states import DeliveryState


class DeadLettersView(ConsoleView):
    """Causes with their counts, and the acts on all deliveries of one cause."""

    def get(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        """Return the page."""
        deliveries = Delivery.objects.using(router.db_for_write(Delivery))
        backlog = deliveries.backlog()
        counts = [counts.dead for counts in backlog.counts.values()]
        context = {
            "causes": causes_of(deliveries.failed(backlog.failing)),
            "count": sum(counts),
            "more": "+" if any(count >= MAX_COUNTED for count in counts) else "",
            "max_grouped": MAX_GROUPED if any(count > MAX_GROUPED for count in counts) else None,
            "acts": acts_of(self.may, DeliveryState.DEAD),
            "all_dead": urlencode({"state": DeliveryState.DEAD.value}),
        }
        return self.page("dead_letters.html", context, section="dead_letters")
