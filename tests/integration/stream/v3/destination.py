"""A server that speaks Feeds v3, as far as the publisher uses it, in memory.

It has the documented limits and rules; what is not documented, it refuses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import jwt
from dj_actions_stream.v3 import StreamV3Publisher
from getstream import models

from tests.fixtures.destinations import Destination
from tests.fixtures.scripted_server import Answer, Request, as_json
from tests.integration.stream.v3.shapes import shape_of

API_KEY = "key"
API_SECRET = "hush-hush-secret-of-more-than-32-bytes"

MAX_BATCH = 100
MAX_FEEDS = 25


class Refused(Exception):
    """An error that the server responds with."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.answer = refusal(status, code, message)


def refusal(status: int, code: int, message: str = "the reason", **fields: Any) -> Answer:
    """Return an error as Stream words it."""
    error = {
        "code": code,
        "message": message,
        "StatusCode": status,
        "duration": "1ms",
        "more_info": "",
        "details": [],
    }
    return as_json(error | fields, status)


class FeedsV3Destination(Destination):
    """Stores users, activities, follows and reactions; an activity is known by its id."""

    path = "/feeds/activities/batch"
    secrets = (API_SECRET,)

    def __init__(self) -> None:
        super().__init__()
        self.users: dict[str, dict[str, Any]] = {}
        self.activities: dict[str, dict[str, Any]] = {}
        self.follows: set[tuple[str, str]] = set()
        self.reactions: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.groups = {"user", "timeline", "team", "todo", "log"}

    def __call__(self, request: Request) -> Answer:
        """Respond to one request."""
        try:
            self._authenticate(request)
            return as_json(self._respond(request), 201)
        except Refused as refused:
            return refused.answer

    def make(self, **options: Any) -> StreamV3Publisher:
        """Return a publisher to the server; it is closed after the test."""
        defaults: dict[str, Any] = {"base_url": self.server.url, "timeout": 30.0}
        credentials = {"api_key": API_KEY, "api_secret": API_SECRET}
        publisher = StreamV3Publisher(alias="feeds", **(defaults | credentials | options))
        self.closing(publisher)
        return publisher

    def count_effects(self) -> int:
        """Return how many activities there are."""
        return len(self.activities)

    def feed(self, name: str) -> list[str]:
        """Return the ids of the activities in a feed."""
        return [key for key, activity in self.activities.items() if name in activity["feeds"]]

    def _respond(self, request: Request) -> dict[str, Any]:
        for method, pattern, respond in self._endpoints():
            found = re.fullmatch(f"/api/v2{pattern}", request.path)
            if found and method == request.method:
                return respond(request, *found.groups())
        raise Refused(404, 16, f"no endpoint {request.method} {request.path}")

    def _endpoints(self) -> list[tuple[str, str, Callable[..., dict[str, Any]]]]:
        return [
            ("GET", "/users", self._query_users),
            ("POST", "/users", self._upsert_users),
            ("POST", "/feeds/activities/batch", self._upsert_activities),
            ("POST", "/feeds/activities/query", self._query_activities),
            ("PATCH", "/feeds/activities/batch/partial", self._update_activities),
            ("POST", "/feeds/activities/delete", self._delete_activities),
            ("POST", "/feeds/activities/([^/]+)/reactions", self._react),
            ("POST", "/feeds/follows/batch/upsert", self._follow),
            ("POST", "/feeds/unfollow/batch/upsert", self._unfollow),
            ("GET", "/feeds/feed_groups", self._list_groups),
        ]

    def _authenticate(self, request: Request) -> None:
        if request.query.get("api_key") != [API_KEY]:
            raise Refused(401, 2, "api_key not found")
        try:
            jwt.decode(request.headers["Authorization"], API_SECRET, algorithms=["HS256"])
        except jwt.PyJWTError:
            raise Refused(401, 43, "signature is not valid") from None

    def _query_users(self, request: Request) -> dict[str, Any]:
        wanted = json.loads(request.query["payload"][0])["filter_conditions"]["id"]["$in"]
        found = [shape_of(models.FullUserResponse, id=key) for key in wanted if key in self.users]
        return shape_of(models.QueryUsersResponse, users=found)

    def _upsert_users(self, request: Request) -> dict[str, Any]:
        self.users |= request.body["users"]
        users = {key: shape_of(models.FullUserResponse, id=key) for key in request.body["users"]}
        return shape_of(models.UpdateUsersResponse, users=users)

    def _upsert_activities(self, request: Request) -> dict[str, Any]:
        activities = request.body["activities"]
        if not 1 <= len(activities) <= MAX_BATCH:
            raise Refused(400, 4, f"{len(activities)} activities")
        for activity in activities:
            self._require_valid(activity)
        self.activities |= {activity["id"]: activity for activity in activities}
        return shape_of(
            models.UpsertActivitiesResponse, activities=list(map(_as_response, activities))
        )

    def _query_activities(self, request: Request) -> dict[str, Any]:
        wanted = request.body["filter"]["id"]["$in"]
        if not 1 <= request.body["limit"] <= MAX_BATCH:
            raise Refused(400, 4, f"limit {request.body['limit']}")
        found = [_as_response(self.activities[key]) for key in wanted if key in self.activities]
        return shape_of(models.QueryActivitiesResponse, activities=found)

    def _require_valid(self, activity: dict[str, Any]) -> None:
        if not 1 <= len(activity["feeds"]) <= MAX_FEEDS:
            raise Refused(400, 4, f"{len(activity['feeds'])} feeds")
        if activity["user_id"] not in self.users:
            raise Refused(400, 4, f"user {activity['user_id']} does not exist")
        for feed in activity["feeds"]:
            if feed.partition(":")[0] not in self.groups:
                raise Refused(404, 16, f"feed group of {feed} does not exist")

    def _update_activities(self, request: Request) -> dict[str, Any]:
        for change in request.body["changes"]:
            activity = self._require_activity(change["activity_id"])
            for name, value in change["set"].items():
                field, _, inner = name.partition(".")
                if inner:
                    activity[field][inner] = value
                else:
                    activity[field] = value
        return shape_of(models.UpdateActivitiesPartialBatchResponse)

    def _delete_activities(self, request: Request) -> dict[str, Any]:
        for key in request.body["ids"]:
            self._require_activity(key)
        for key in request.body["ids"]:
            del self.activities[key]
        return shape_of(models.DeleteActivitiesResponse, deleted_ids=request.body["ids"])

    def _react(self, request: Request, activity_id: str) -> dict[str, Any]:
        key = activity_id.replace("%3A", ":")
        self._require_activity(key)
        body = request.body
        self.reactions[key, body["type"], body["user_id"]] = body.get("custom", {})
        return shape_of(models.AddReactionResponse)

    def _follow(self, request: Request) -> dict[str, Any]:
        self.follows |= {(entry["source"], entry["target"]) for entry in request.body["follows"]}
        return shape_of(models.FollowBatchResponse)

    def _unfollow(self, request: Request) -> dict[str, Any]:
        self.follows -= {(entry["source"], entry["target"]) for entry in request.body["follows"]}
        return shape_of(models.UnfollowBatchResponse)

    def _list_groups(self, _request: Request) -> dict[str, Any]:
        groups = {key: shape_of(models.FeedGroupResponse, id=key) for key in self.groups}
        return shape_of(models.ListFeedGroupsResponse, groups=groups)

    def _require_activity(self, key: str) -> dict[str, Any]:
        if key not in self.activities:
            raise Refused(404, 16, f"activity {key} does not exist")
        return self.activities[key]


def _as_response(activity: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "type", "text", "feeds", "custom")
    known = {name: activity[name] for name in names if name in activity}
    return shape_of(models.ActivityResponse, **known)
