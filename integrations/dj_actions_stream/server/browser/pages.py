"""The pages."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import jwt
from django.http import Http404, HttpRequest, HttpResponse

from dj_actions_stream.server.browser.listing import (
    MAX_FEEDS,
    as_json,
    feeds,
    feeds_of,
    groups_of,
)
from dj_actions_stream.server.browser.responses import developer_page, page
from dj_actions_stream.server.conf import Credentials
from dj_actions_stream.server.feed_groups.groups import configured_groups
from dj_actions_stream.server.models import Activity, Follow
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.reading.activities import render_activity
from dj_actions_stream.server.reading.pagination import Page

MAX_FOLLOWS = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A token with what it is good for."""

    title: str
    value: str


@developer_page
def overview(request: HttpRequest) -> HttpResponse:
    """List the feeds and the feed groups."""
    prefix = request.GET.get("prefix", "")
    found = feeds(prefix=prefix, after=request.GET.get("after", ""))
    return page(
        "overview.html",
        feeds=found[:MAX_FEEDS],
        has_more=len(found) > MAX_FEEDS,
        groups=configured_groups().values(),
        prefix=prefix,
    )


@developer_page
def feed(request: HttpRequest, slug: str, user_id: str) -> HttpResponse:
    """Show the activities of a feed, its groups, and who follows whom."""
    shown_feed = FeedId(slug=slug, user_id=user_id)
    bounds = Page.from_query({**request.GET.dict(), "limit": "25"})
    shown, has_more = bounds.read(shown_feed)
    return page(
        "feed.html",
        feed=shown_feed,
        activities=[
            (render_activity(item.activity), as_json(item.activity, origin=item.origin))
            for item in shown
        ],
        groups=[] if shown_feed.group.is_flat else groups_of(shown_feed),
        older=shown[-1].activity.id if has_more else None,
        following=Follow.objects.of_follower(shown_feed).newest_first()[:MAX_FOLLOWS],
        followers=Follow.objects.of_target(shown_feed).newest_first()[:MAX_FOLLOWS],
    )


@developer_page
def activity(_: HttpRequest, activity_id: UUID) -> HttpResponse:
    """Show an activity, and the feeds that it is in."""
    found = Activity.objects.filter(pk=activity_id).first()
    if found is None:
        raise Http404
    return page("activity.html", activity=found, json=as_json(found), feeds=feeds_of(found))


@developer_page
def tokens(request: HttpRequest) -> HttpResponse:
    """Make tokens of a user and of a feed, for tests."""
    user_id, name = request.GET.get("user_id", ""), request.GET.get("feed", "")
    made = []
    if user_id:
        made.append(_token(f"User {user_id}", user_id=user_id))
    if name:
        claim = FeedId.parse(name).claim
        made += [
            _token(f"{name}, reading", resource="*", action="read", feed_id=claim),
            _token(f"{name}, everything", resource="*", action="*", feed_id=claim),
        ]
    return page("tokens.html", user_id=user_id, feed=name, tokens=made, key=_key())


def _key() -> str:
    return Credentials.current().api_key


def _token(title: str, **claims: str) -> Token:
    secret = Credentials.current().api_secret
    return Token(title=title, value=jwt.encode(claims, secret, algorithm="HS256"))
