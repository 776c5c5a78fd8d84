"""The page of a feed, and the same as Atom."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.feeds import follows, marks
from dj_actions_stream.feeds.access import readable_feed
from dj_actions_stream.feeds.errors import (
    FeedForbidden,
    FeedNotFound,
    FeedUnavailable,
    InvalidFeedRequest,
)
from dj_actions_stream.feeds.page.atom import atom_of
from dj_actions_stream.feeds.page.presentation import (
    days_of,
    heading_of,
    items_of,
    own_groups,
)
from dj_actions_stream.feeds.paging import is_newest, older_query, read_page
from dj_actions_stream.feeds.rules import owner

TIMELINE = "timeline:me"
"""The feed with which a user follows others."""

CHANGES: Mapping[str, Callable[[FeedId, Any], object]] = {
    "mark_seen": lambda feed, viewer: marks.mark_seen(feed, viewer=viewer),
    "mark_read": lambda feed, viewer: marks.mark_read(feed, viewer=viewer),
    "follow": lambda feed, viewer: follows.follow(TIMELINE, feed, viewer=viewer),
    "unfollow": lambda feed, viewer: follows.unfollow(TIMELINE, feed, viewer=viewer),
}
"""Value of the button that was pressed → what it does."""

TEMPLATE = "dj_actions_stream/feeds/page.html"

UNAVAILABLE_TEMPLATE = "dj_actions_stream/feeds/unavailable.html"


@method_decorator(never_cache, name="dispatch")
class FeedView(View):
    """A view of a feed that answers the errors of feeds."""

    http_method_names = ["get", "head", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Respond, also if the feed cannot be read.

        Raises:
            BadRequest: a value of the query string or of the form is invalid.
            FeedForbidden: a user who is logged in may not read the feed.
            Http404: there is no such feed group.
        """
        try:
            return super().dispatch(request, *args, **kwargs)
        except FeedForbidden:
            if request.user.is_authenticated:
                raise
            return redirect_to_login(request.get_full_path())
        except FeedNotFound as error:
            raise Http404(str(error)) from error
        except InvalidFeedRequest as error:
            raise BadRequest(str(error)) from error
        except FeedUnavailable as error:
            return self.unavailable(request, error)

    def unavailable(self, request: HttpRequest, error: FeedUnavailable) -> HttpResponse:
        """Respond that Stream cannot be reached."""
        status = HTTPStatus.SERVICE_UNAVAILABLE
        response = render(request, UNAVAILABLE_TEMPLATE, status=status)
        if error.retry_after is not None:
            response["Retry-After"] = math.ceil(error.retry_after)
        return response


class FeedPageView(FeedView):
    """The page of a feed."""

    http_method_names = ["get", "head", "options", "post"]

    def get(self, request: HttpRequest, group: str, feed_id: str) -> HttpResponse:
        """Return a page of the feed, newest first."""
        page = read_page(request, f"{group}:{feed_id}")
        feed = page.feed
        is_own = owner(request.user, feed)
        context = {
            "feed": feed,
            "heading": heading_of(feed, request.user),
            "own_groups": own_groups(request.user),
            "page": page,
            "days": days_of(items_of(page, request.user)),
            "is_own": is_own,
            "is_newest": is_newest(request),
            "older": older_query(request, page),
            "can_mark": page.has_marks and is_own,
            "follow": None if is_own or page.groups else _follow_button(request, feed),
        }
        return render(request, TEMPLATE, context)

    def post(self, request: HttpRequest, group: str, feed_id: str) -> HttpResponse:
        """Do what the button says, and show the page again."""
        change = CHANGES.get(request.POST.get("change", ""))
        if change is None:
            raise InvalidFeedRequest(f"change must be one of: {', '.join(CHANGES)}.")
        feed = readable_feed(f"{group}:{feed_id}", request.user)
        change(feed, request.user)
        return HttpResponseRedirect(request.path, status=HTTPStatus.SEE_OTHER)


class AtomView(FeedView):
    """A feed as Atom."""

    def get(self, request: HttpRequest, group: str, feed_id: str) -> HttpResponse:
        """Return the newest entries of the feed."""
        return atom_of(read_page(request, f"{group}:{feed_id}"), request)

    def unavailable(self, request: HttpRequest, error: FeedUnavailable) -> HttpResponse:
        """Respond without a page: a program reads it."""
        page = super().unavailable(request, error)
        page.content = b"The feed is not available at the moment.\n"
        page["Content-Type"] = "text/plain; charset=utf-8"
        return page


def _follow_button(request: HttpRequest, feed: FeedId) -> str | None:
    """Return the value of the button that lets the user follow the feed, or stop; None without."""
    if not request.user.is_authenticated:
        return None
    try:
        is_following = follows.is_following(TIMELINE, feed, viewer=request.user)
    except (FeedUnavailable, FeedNotFound, InvalidFeedRequest, FeedForbidden):
        return None  # the page is worth showing without it
    return "unfollow" if is_following else "follow"
