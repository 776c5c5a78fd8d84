"""The endpoints of follows: of one feed, of many, and their statistics."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from django.http import HttpRequest

from dj_actions_stream.server.access.tokens import Permission, authorize, verify
from dj_actions_stream.server.models import Follow
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.parsing.fields import FieldReader
from dj_actions_stream.server.protocol.endpoints import ApiResponse, Endpoint, read_body, read_items
from dj_actions_stream.server.protocol.errors import InputError
from dj_actions_stream.server.querysets import FollowQuerySet
from dj_actions_stream.server.reading.pagination import FollowPage
from dj_actions_stream.server.views.activities import authorize_feed
from dj_actions_stream.server.writing.follows import (
    DEFAULT_COPIES,
    MAX_COPIES,
    Relation,
    follow,
    render_follow,
    unfollow,
)

# There is no published limit.
MAX_RELATIONS = 2500
_COPIES = re.compile(r"[0-9]{1,4}")
_FLAGS = {"true": True, "1": True, "false": False, "0": False, "": False}


class Following(Endpoint):
    """What a feed follows."""

    def get(self, request: HttpRequest, slug: str, user_id: str) -> ApiResponse:
        """Return the feeds that this feed follows, newest first."""
        feed, _ = authorize_feed(request, "follower", "read", slug, user_id)
        return _listed(request, Follow.objects.of_follower(feed), "target")

    def post(self, request: HttpRequest, slug: str, user_id: str) -> ApiResponse:
        """Follow any flat feed. A token of that feed is not needed, but checked if there is one."""
        feed, _ = authorize_feed(request, "follower", "write", slug, user_id)
        document = read_body(request)
        reader = FieldReader(document)
        targets = reader.feed("target")
        copies = reader.number("activity_copy_limit", default=DEFAULT_COPIES, limit=MAX_COPIES)
        token = reader.optional("target_token")
        reader.raise_errors()
        (target,) = targets
        if token:
            verify(token).require(Permission(resource="feed", action="read", feed=target))
        follow([Relation(follower=feed, target=target)], copies=copies)
        return ApiResponse(document={}, status=201)


class FollowedFeed(Endpoint):
    """A feed that another one follows."""

    def delete(self, request: HttpRequest, slug: str, user_id: str, target: str) -> ApiResponse:
        """Unfollow the feed. It is not an error if it is not followed."""
        feed, _ = authorize_feed(request, "follower", "delete", slug, user_id)
        relation = Relation(follower=feed, target=FeedId.parse(target))
        unfollow(relation, keep_history=_flag(request, "keep_history"))
        return ApiResponse(document={})


class Followers(Endpoint):
    """Who follows a feed."""

    def get(self, request: HttpRequest, slug: str, user_id: str) -> ApiResponse:
        """Return the feeds that follow this feed, newest first."""
        feed, _ = authorize_feed(request, "follower", "read", slug, user_id)
        return _listed(request, Follow.objects.of_target(feed), "follower")


class FollowMany(Endpoint):
    """Many follows at once."""

    def post(self, request: HttpRequest) -> ApiResponse:
        """Create all follows of a list of {"source", "target"}."""
        authorize(request, Permission(resource="follower", action="write"))
        relations = [_relation(reader) for reader in _readers(request)]
        follow(relations, copies=_copies(request))
        return ApiResponse(document={}, status=201)


class UnfollowMany(Endpoint):
    """Many follows to delete at once."""

    def post(self, request: HttpRequest) -> ApiResponse:
        """Delete all follows of a list of {"source", "target", "keep_history"}."""
        authorize(request, Permission(resource="follower", action="delete"))
        by_default = _flag(request, "keep_history")
        unfollows = [
            (reader.flag("keep_history") or by_default, _relation(reader))
            for reader in _readers(request)
        ]
        for keep_history, relation in unfollows:
            unfollow(relation, keep_history=keep_history)
        return ApiResponse(document={}, status=201)


class FollowStatistics(Endpoint):
    """How many feeds follow a feed, and how many it follows."""

    def get(self, request: HttpRequest) -> ApiResponse:
        """Return the counts, for all feed groups or some."""
        asked = [name for name in ("followers", "following") if request.GET.get(name)]
        if not asked:
            raise InputError("Set followers or following to a feed.")
        return ApiResponse(document={"results": {name: _count(request, name) for name in asked}})


def _count(request: HttpRequest, name: str) -> dict[str, Any]:
    feed = FeedId.parse(request.GET[name])
    authorize(request, Permission(resource="follower", action="read", feed=feed))
    follows, other = (
        (Follow.objects.of_target(feed), "follower")
        if name == "followers"
        else (Follow.objects.of_follower(feed), "target")
    )
    if slugs := _split(request, f"{name}_slugs"):
        follows = follows.in_groups(other, slugs)
    return {"count": follows.count(), "feed": str(feed)}


def _listed(request: HttpRequest, follows: FollowQuerySet, field: str) -> ApiResponse:
    page = FollowPage.from_query(request.GET.dict())
    if feeds := _split(request, "filter"):
        names = [str(FeedId.parse(text)) for text in feeds]
        follows = follows.filter(**{f"{field}__in": names})
    found = follows.newest_first()[page.offset : page.offset + page.limit]
    return ApiResponse(document={"results": [render_follow(item) for item in found]})


def _readers(request: HttpRequest) -> list[FieldReader]:
    items = read_items(request)
    if len(items) > MAX_RELATIONS:
        raise InputError(f"Send at most {MAX_RELATIONS} items.")
    if not all(isinstance(item, dict) for item in items):
        raise InputError("Each item must be an object with source and target.")
    return [FieldReader(item) for item in items]


def _relation(reader: FieldReader) -> Relation:
    sources, targets = reader.feed("source"), reader.feed("target")
    reader.raise_errors()
    return Relation(follower=sources[0], target=targets[0])


def _copies(request: HttpRequest) -> int:
    text = request.GET.get("activity_copy_limit", str(DEFAULT_COPIES))
    if not _COPIES.fullmatch(text) or int(text) > MAX_COPIES:
        raise InputError(f"activity_copy_limit must be an integer from 0 to {MAX_COPIES}.")
    return int(text)


def _flag(request: HttpRequest, name: str) -> bool:
    text = request.GET.get(name, "").lower()
    if text not in _FLAGS:
        raise InputError(f"{name} must be true or false.")
    return _FLAGS[text]


def _split(request: HttpRequest, name: str) -> Collection[str]:
    return [text for text in request.GET.get(name, "").split(",") if text]
