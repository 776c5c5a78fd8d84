"""Render the pages, and serve them only to developers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template import Context, Engine
from django.views.decorators.http import require_safe

from dj_actions_stream.server.conf import configuration
from dj_actions_stream.server.protocol.errors import FeedsError

HEADERS = {
    "Cache-Control": "no-store",  # a page may contain a token
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def is_enabled() -> bool:
    """Return whether the pages are served: by FEEDS_SERVER["BROWSER"], else with DEBUG."""
    return bool(configuration().get("BROWSER", settings.DEBUG))


def developer_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Serve a view only if the pages are enabled, and show errors of the server as a page."""

    @wraps(view)
    def serve(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_enabled():
            raise Http404
        request.get_host()  # refuses a foreign name for this address, which a page could use
        try:
            return view(request, *args, **kwargs)
        except FeedsError as error:
            return page("error.html", status=error.status, error=error)

    return require_safe(serve)


def page(template: str, *, status: int = 200, **context: Any) -> HttpResponse:
    """Return a rendered page. The project's own TEMPLATES are not used: it may have none."""
    html = _engine().get_template(template).render(Context(context))
    return HttpResponse(html, status=status, headers=HEADERS)


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(Path(__file__).parent / "templates")])
