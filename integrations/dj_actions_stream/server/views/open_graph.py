"""The endpoint `og/`: what a page says about itself, from pages that the settings contain.

This server never opens an address. FEEDS_SERVER["OPEN_GRAPH"] maps each URL either to its HTML, or
to the fields to return. The samples are there without a setting.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.checks import CheckMessage, Error
from django.http import HttpRequest

from dj_actions_stream.server.access.callers import Caller
from dj_actions_stream.server.conf import SETTING, configuration
from dj_actions_stream.server.protocol.endpoints import ApiResponse, Endpoint
from dj_actions_stream.server.protocol.errors import InputError
from dj_actions_stream.server.views.page_metadata import read_metadata

logger = logging.getLogger(__name__)

KEY = "OPEN_GRAPH"
# The first is for trying the endpoint; the second is the page that the tests of Stream's own
# clients request, which thus need no setting.
_SAMPLE = {
    "description": "Sample data of the feeds server, which has not read this page.",
    "favicon": "/favicon.ico",
}
SAMPLES: Mapping[str, Mapping[str, Any]] = {
    url: {"title": title, **_SAMPLE, "images": [{"image": f"{url}/sample.png"}]}
    for url, title in (("https://example.com", "Example"), ("https://google.com", "Google"))
}


class OpenGraphError(InputError):
    """The settings do not contain the page. The text is the one that Stream sends."""

    def __init__(self) -> None:
        super().__init__("couldn't find og data for the provided url")

    def document(self) -> dict[str, Any]:
        """Return the JSON that Stream sends for a page without open graph data."""
        more_info = "https://getstream.io/docs/api_error_responses"
        return {**super().document(), "more_info": more_info}


class OpenGraph(Endpoint):
    """The open graph data of a page."""

    def get(self, request: HttpRequest) -> ApiResponse:
        """Return the data of the page at `url`."""
        Caller.of(request, "url", "read")
        url = request.GET.get("url", "")
        if not url:
            raise InputError.for_fields({"url": ["this parameter is required"]})
        page = _page(url)
        fields = read_metadata(page) if isinstance(page, str) else dict(page)
        return ApiResponse(document={"original_url": url, **fields})


def check_open_graph(**_: Any) -> Iterable[CheckMessage]:
    """Yield an error for each page that is neither HTML nor fields."""
    pages = configuration().get(KEY, {})
    if not isinstance(pages, Mapping):
        yield _error(f"{SETTING}[{KEY!r}] is not a dictionary.")
        return
    for url, page in pages.items():
        if not isinstance(url, str) or not isinstance(page, str | Mapping):
            yield _error(f"{SETTING}[{KEY!r}] has an invalid page for {url!r}.")


def _page(url: str) -> str | Mapping[str, Any]:
    pages: Mapping[str, str | Mapping[str, Any]] = {**SAMPLES, **configuration().get(KEY, {})}
    if url not in pages:
        logger.warning("Set %s[%r][%r] to the page's HTML, or to its fields.", SETTING, KEY, url)
        raise OpenGraphError
    return pages[url]


def _error(message: str) -> CheckMessage:
    hint = 'Map each URL to HTML or to fields: {"https://example.com/": {"title": "..."}}.'
    return Error(message, hint=hint, id="feeds_server.E010")
