"""The pages of the section: the feeds to choose from, and one feed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect

from dj_actions.console.extension import ConsoleView
from dj_actions.exceptions import InvalidSetting
from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.feeds.console.entries import entries_of
from dj_actions_stream.feeds.console.groups import groups_for, recent_feeds
from dj_actions_stream.feeds.console.section import NAME, feed_url
from dj_actions_stream.feeds.errors import (
    FeedError,
    FeedForbidden,
    FeedNotFound,
    InvalidFeedRequest,
)
from dj_actions_stream.feeds.paging import is_newest, older_query, read_page

SECONDS = 4.5
"""How long a page waits for Stream."""

STATUSES: Mapping[type[Exception], HTTPStatus] = {
    FeedForbidden: HTTPStatus.FORBIDDEN,
    FeedNotFound: HTTPStatus.NOT_FOUND,
    InvalidFeedRequest: HTTPStatus.BAD_REQUEST,
}
"""Why a feed cannot be shown → status of the page; any other reason is an outage."""


class SectionView(ConsoleView):
    """A page of the section."""

    template_folder = "dj_actions_stream/console"

    def unreadable(self, feed: str, error: Exception) -> HttpResponse:
        """Return the page that says why a feed cannot be shown."""
        status = next(
            (found for kind, found in STATUSES.items() if isinstance(error, kind)),
            HTTPStatus.SERVICE_UNAVAILABLE,
        )
        context = {
            "feed": feed,
            "reason": str(error),
            "is_forbidden": status == HTTPStatus.FORBIDDEN,
            "is_outage": status == HTTPStatus.SERVICE_UNAVAILABLE,
        }
        response = self.page("unreadable.html", context, section=NAME, status=status)
        if (wait := getattr(error, "retry_after", None)) is not None:
            response["Retry-After"] = math.ceil(wait)
        return response


class FeedsView(SectionView):
    """The groups of the settings, the feeds that activities were published to, and a form."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the page, or lead to the feed that was entered."""
        wanted = request.GET.get("feed", "").strip()
        if wanted:
            return self._chosen(wanted)
        try:
            context = {"groups": groups_for(request.user), "recent": recent_feeds()}
        except InvalidSetting as error:
            return self.unreadable("", error)
        return self.page("feeds.html", context, section=NAME)

    def _chosen(self, wanted: str) -> HttpResponse:
        try:
            return HttpResponseRedirect(feed_url(FeedId.parse(wanted)))
        except ValueError as error:
            return self.unreadable(wanted[:200], InvalidFeedRequest(str(error)))


class FeedView(SectionView):
    """One feed, newest first."""

    uses_network = True

    def get(self, request: HttpRequest, group: str, feed_id: str) -> HttpResponseBase:
        """Return a page of the feed, or the page that says why there is none."""
        feed = f"{group}:{feed_id}"
        try:
            page = read_page(request, feed, timeout=SECONDS)
        except (FeedError, InvalidSetting) as error:
            return self.unreadable(feed[:200], error)
        context = {
            "feed": page.feed,
            "feed_page": page,
            "entries": entries_of(page),
            "page": {"is_first": is_newest(request), "older": older_query(request, page)},
        }
        return self.page("feed.html", context, section=NAME)
