"""What a destination has now of a delivery: a page, and a part of the page of its event."""

from __future__ import annotations

from django.db import router
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext

from dj_actions.console.screens.current import can_look_up, look_up
from dj_actions.console.views.base import ConsoleView
from dj_actions.models import Delivery
from dj_actions.outbox.queries import MAX_ID


class CurrentView(ConsoleView):
    """The page that asks a destination."""

    uses_network = True

    def get(self, request: HttpRequest, delivery_id: int) -> HttpResponse:  # noqa: ARG002
        """Return the page.

        Raises:
            Http404: there is no such delivery, or its destination cannot be asked about it.
        """
        rows = Delivery.objects.using(router.db_for_write(Delivery)).select_related("event")
        delivery = rows.filter(pk=delivery_id).first() if delivery_id <= MAX_ID else None
        if delivery is None or not can_look_up(delivery):
            raise Http404(gettext("There is nothing to look up for delivery %s.") % delivery_id)
        context = {
            "delivery": delivery,
            "event": delivery.event,
            "lookup": look_up(delivery),
        }
        return self.page("current.html", context, section="actions")
