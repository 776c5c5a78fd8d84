"""One object, and everything that happened to it."""

from __future__ import annotations

from django import forms
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from dj_actions.console.screens.object_history import object_history
from dj_actions.console.views.base import ConsoleView
from dj_actions.console.views.paging import (
    BEFORE,
    Page,
    before_event,
    with_parameter,
    without_paging,
)


class ObjectForm(forms.Form):
    """The object of a page. Not a part of its path: an id may contain any character."""

    resource = forms.CharField(max_length=100)
    object = forms.CharField(max_length=255)


class ObjectView(ConsoleView):
    """The line of time of an object."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the page.

        Raises:
            BadRequest: the object is not named, or the page before is not that of an event.
        """
        form = ObjectForm(request.GET)
        if not form.is_valid():
            raise BadRequest(gettext("Name an object: %s") % form.errors.as_text())
        resource, object_id = form.cleaned_data["resource"], form.cleaned_data["object"]
        history = object_history(resource, object_id, before=before_event(request))
        older = with_parameter(request, BEFORE, str(history.earlier)) if history.earlier else ""
        context = {
            "resource": resource,
            "object_id": object_id,
            "history": history,
            "page": Page(
                rows=history.entries,
                older=older,
                is_first=BEFORE not in request.GET,
                filters=without_paging(request.GET),
            ),
        }
        return self.page("object.html", context, section="actions")
