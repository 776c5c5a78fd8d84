"""The base of all views: who may see a page, and what every page shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.decorators.cache import never_cache

from dj_actions.console.access import Verb, may
from dj_actions.console.conf import get_console_settings
from dj_actions.console.views.live import poll_url
from dj_actions.database import outside_transactions

REFUSALS: Mapping[type[Exception], HTTPStatus] = {
    BadRequest: HTTPStatus.BAD_REQUEST,
    PermissionDenied: HTTPStatus.FORBIDDEN,
    Http404: HTTPStatus.NOT_FOUND,
}
"""What a view raises → status of the page that shows its message."""

REFUSED: Mapping[HTTPStatus, Any] = {
    HTTPStatus.BAD_REQUEST: _("Invalid request"),
    HTTPStatus.FORBIDDEN: _("Not permitted"),
    HTTPStatus.NOT_FOUND: _("Not found"),
}
"""Titles of these pages."""


@method_decorator(never_cache, name="dispatch")
class ConsoleView(View):
    """A page of the console."""

    verb = Verb.VIEW
    """What a user must be allowed to do."""

    template_folder = "dj_actions_console"
    """Where the templates are that `page` renders."""

    uses_network = False
    """Whether a destination is asked: then no transaction of ATOMIC_REQUESTS is open, of any
    database."""

    http_method_names = ["get", "head", "options"]

    may: PermissionsOf
    """What the user may do."""

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponseBase]:
        """Return the view as a function."""
        view = super().as_view(**initkwargs)
        return outside_transactions(view) if cls.uses_network else view

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Respond, if the user may see the page.

        Raises:
            PermissionDenied: a user who is logged in may not see the console.
        """
        self.may = PermissionsOf(request.user)
        if self.may["view"] and self.may[self.verb.name.lower()]:
            try:
                return super().dispatch(request, *args, **kwargs)
            except tuple(REFUSALS) as error:
                return self._refuse(error)
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        denied = PermissionDenied(gettext("You may not do this in the console: %s.") % self.verb)
        if self.may["view"]:
            return self._refuse(denied)
        raise denied

    def page(
        self,
        template: str,
        context: Mapping[str, Any],
        *,
        section: str,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> HttpResponse:
        """Render a page.

        Args:
            template: its name, without the folder.
            context: what it shows.
            section: the entry of the navigation that it belongs to.
            status: of the response.
        """
        return self._render(f"{self.template_folder}/{template}", context, section, status)

    def _refuse(self, error: Exception) -> HttpResponse:
        """Render why the request was refused: Django's own pages do not say it."""
        status = next(found for kind, found in REFUSALS.items() if isinstance(error, kind))
        context = {"title": REFUSED[status], "reason": str(error)}
        return self._render("dj_actions_console/refused.html", context, "", status)

    def _render(
        self, path: str, context: Mapping[str, Any], section: str, status: HTTPStatus
    ) -> HttpResponse:
        shared = {
            "section": section,
            "may": self.may,
            "poll_interval": get_console_settings().poll_interval,
            "poll_url": poll_url(self.request.user),
        }
        return render(self.request, path, {**shared, **context}, status=status)


class PermissionsOf(dict[str, bool]):
    """Name of a verb, in lower case → whether a user may do it; asked when a template needs it.

    Args:
        user: the user.
    """

    def __init__(self, user: Any) -> None:
        super().__init__()
        self._user = user

    def __missing__(self, name: str) -> bool:
        """Ask, and remember the answer for this page."""
        allowed = self[name] = may(self._user, Verb[name.upper()])
        return allowed
