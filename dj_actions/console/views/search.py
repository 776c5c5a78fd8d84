"""The search in the header."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from dj_actions.console.screens.search import search
from dj_actions.console.views.base import ConsoleView


class SearchView(ConsoleView):
    """Leads from an id of any kind to its timeline."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Redirect to the one page that was meant, or list what was found."""
        text = request.GET.get("q", "")[:500].replace("\0", "")
        found = search(text)
        if found.url:
            return HttpResponseRedirect(found.url)
        return self.page("search.html", {"found": found, "query": text}, section="")
