"""The endpoints of users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest

from dj_actions_stream.server.access.callers import Caller
from dj_actions_stream.server.entities import people
from dj_actions_stream.server.models import Follow
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.parsing.records import (
    RecordReader,
    read_batch,
    read_flag,
    read_ids,
    require_identifier,
)
from dj_actions_stream.server.protocol.endpoints import ApiResponse, Endpoint, read_body
from dj_actions_stream.server.protocol.errors import InputError


class NewUser(Endpoint):
    """Add a user."""

    def post(self, request: HttpRequest) -> ApiResponse:
        """Add the user, or return the one that exists with `get_or_create`."""
        caller = Caller.of(request, "users", "write")
        user_id, data = _read_user(read_body(request))
        caller.require_user(user_id)
        get_or_create = read_flag(request.GET.get("get_or_create"))
        user = people.add_user(user_id, data, get_or_create=get_or_create)
        return ApiResponse(document=people.render_user(user), status=201)


class UserById(Endpoint):
    """A user by id. Everyone may read it; a user's token changes that user only."""

    def get(self, request: HttpRequest, user_id: str) -> ApiResponse:
        """Return the user, with the number of followers if `with_follow_counts` is set."""
        Caller.of(request, "users", "read")
        document = people.render_user(people.get_user(require_identifier("id", user_id)))
        if read_flag(request.GET.get("with_follow_counts")):
            document |= _follow_counts(user_id)
        return ApiResponse(document=document)

    def put(self, request: HttpRequest, user_id: str) -> ApiResponse:
        """Replace the user's data."""
        Caller.of(request, "users", "write").require_user(user_id)
        reader = RecordReader(read_body(request))
        data = reader.data("data")
        reader.raise_errors()
        user = people.update_user(require_identifier("id", user_id), data or {})
        return ApiResponse(document=people.render_user(user))

    def delete(self, request: HttpRequest, user_id: str) -> ApiResponse:
        """Delete the user. References to the user stay, and lead nowhere."""
        Caller.of(request, "users", "delete").require_user(user_id)
        people.delete_users([people.get_user(require_identifier("id", user_id)).id])
        return ApiResponse(document={})


class Users(Endpoint):
    """Many users at once, for servers only."""

    def get(self, request: HttpRequest) -> ApiResponse:
        """Return the users in `ids` that exist."""
        Caller.of(request, "users", "read").require_server()
        users = people.find_users(read_ids(request, "ids"))
        return ApiResponse(document={"users": [people.render_user(user) for user in users]})

    def post(self, request: HttpRequest) -> ApiResponse:
        """Add users; those that exist are overwritten if `override` is set, or left as they are."""
        Caller.of(request, "users", "write").require_server()
        body = read_body(request)
        data_of = _read_users(read_batch(body.get("users"), "users"))
        users = people.add_users(data_of, override=body.get("override") is True)
        documents = [people.render_user(user) for user in users]
        return ApiResponse(document={"created_users": documents}, status=201)

    def delete(self, request: HttpRequest) -> ApiResponse:
        """Delete the users in `ids`. It is not an error if one does not exist."""
        Caller.of(request, "users", "delete").require_server()
        deleted = people.delete_users(read_ids(request, "ids"))
        return ApiResponse(document={"deleted_user_ids": deleted})


def _follow_counts(user_id: str) -> dict[str, int]:
    """Return how many users this user follows: timelines that follow `user` feeds, as in Stream."""
    timeline, feed = (FeedId(slug=slug, user_id=user_id) for slug in ("timeline", "user"))
    following = Follow.objects.of_follower(timeline).in_groups("target", ["user"])
    followers = Follow.objects.of_target(feed).in_groups("follower", ["timeline"])
    return {"following_count": following.count(), "followers_count": followers.count()}


def _read_user(item: object) -> tuple[str, Mapping[str, Any]]:
    if not isinstance(item, dict):
        raise InputError("A user must be a JSON object.")
    reader = RecordReader(item)
    user_id, data = reader.required_identifier("id"), reader.data("data")
    reader.raise_errors()
    return user_id, data or {}


def _read_users(items: Sequence[object]) -> dict[str, Mapping[str, Any]]:
    return dict(_read_user(item) for item in items)
