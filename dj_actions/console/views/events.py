"""One event, and everything that it set off."""

from __future__ import annotations

import json
from uuid import UUID

from django.db import router
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext

from dj_actions.console.access import Verb
from dj_actions.console.screens.code_samples import samples_of
from dj_actions.console.screens.current import can_look_up
from dj_actions.console.screens.payloads import call_of, payloads_of
from dj_actions.console.screens.pytest_samples import pytest_source
from dj_actions.console.screens.timeline import timeline
from dj_actions.console.views.base import ConsoleView
from dj_actions.models import ActionEvent
from dj_actions.outbox.times import aware
from dj_actions.publishers.offers import offers_to


class EventView(ConsoleView):
    """The timeline of an event."""

    def get(self, request: HttpRequest, event_id: UUID) -> HttpResponse:
        """Return the page.

        Raises:
            Http404: there is no such event.
        """
        try:
            found = timeline(event_id)
        except ActionEvent.DoesNotExist as error:
            message = gettext("There is no event %s; it may have been archived.") % event_id
            raise Http404(message) from error
        sees_payloads = self.may["view_payloads"]
        call = call_of(found.event) if sees_payloads else None
        context = {
            "timeline": found,
            "event": found.event,
            "offers": offers_to(request.user),
            "payloads": payloads_of(found.event) if sees_payloads else (),
            "lookups": [delivery for delivery in found.deliveries if can_look_up(delivery)],
            "samples": samples_of(call, site=request.build_absolute_uri("/")) if call else (),
        }
        return self.page("event.html", context, section="actions")


class CloudEventView(ConsoleView):
    """An event in the format of CloudEvents 1.0, https://cloudevents.io."""

    verb = Verb.VIEW_PAYLOADS

    def get(self, request: HttpRequest, event_id: UUID) -> HttpResponse:
        """Return the event as JSON.

        Raises:
            Http404: there is no such event.
        """
        event = _event(event_id)
        document = {
            "specversion": "1.0",
            "id": str(event.pk),
            "source": request.build_absolute_uri("/"),
            "type": f"{event.label}.v{event.version}",
            "subject": event.object_id or ",".join(event.object_ids),
            "time": aware(event.created_at, using=str(event._state.db)).isoformat(),
            "datacontenttype": "application/json",
            "data": {
                "actor": event.actor_label or None,
                "input": event.request_data,
                "result": event.response_data,
                "extra": event.extra,
                "summary": event.summary,
            },
        }
        text = json.dumps(document, indent=2, ensure_ascii=False)
        return HttpResponse(text, content_type="application/cloudevents+json; charset=utf-8")


class EventTestView(ConsoleView):
    """An event as a test for pytest, to paste into the project."""

    verb = Verb.VIEW_PAYLOADS

    def get(self, request: HttpRequest, event_id: UUID) -> HttpResponse:
        """Return the source of the test.

        Raises:
            Http404: there is no such event, or it cannot be run again.
        """
        event = _event(event_id)
        call = call_of(event)
        if call is None:
            raise Http404(gettext("The action of event %s cannot be run again.") % event_id)
        source = pytest_source(event, call, request.user)
        return HttpResponse(source, content_type="text/plain; charset=utf-8")


def _event(event_id: UUID) -> ActionEvent:
    events = ActionEvent.objects.using(router.db_for_write(ActionEvent))
    event = events.filter(pk=event_id).first()
    if event is None:
        raise Http404(gettext("There is no event %s.") % event_id)
    return event
