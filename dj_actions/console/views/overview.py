"""The first screen."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from dj_actions.console.screens.overview import overview
from dj_actions.console.views.base import ConsoleView


class OverviewView(ConsoleView):
    """Counts, publishers, relays, and failures by cause."""

    def get(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        """Return the page."""
        found = overview()
        return self.page("overview.html", {"overview": found, "now": found.now}, section="overview")
