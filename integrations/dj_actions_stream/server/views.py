"""The part of Stream's Feeds v2 API that this server implements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from dj_actions_stream.server import storage
from dj_actions_stream.server.activities import read_draft, read_drafts, render_activity
from dj_actions_stream.server.callers import Caller
from dj_actions_stream.server.endpoints import ApiResponse, Endpoint, read_body
from dj_actions_stream.server.enrichment import enrich
from dj_actions_stream.server.errors import InputError, NotFoundError
from dj_actions_stream.server.feeds import FeedId
from dj_actions_stream.server.identity import id_from_pair, parse_id, parse_time
from dj_actions_stream.server.models import Activity
from dj_actions_stream.server.pagination import Page
from dj_actions_stream.server.payloads import is_storable
from dj_actions_stream.server.reaction_enrichment import ReactionOptions
from dj_actions_stream.server.tokens import Permission, authorize

# Stream's documented limit of activities per lookup.
MAX_LOOKUPS = 100


class EnrichedFeed(Endpoint):
    """A feed with expanded references and, if they are requested, reactions."""

    def get(self, request: HttpRequest, slug: str, user_id: str) -> ApiResponse:
        """Return a page of the feed, newest first."""
        feed = _authorized_feed(request, "read", slug, user_id)
        page = Page.from_query(request.GET.dict())
        activities, has_more = page.paginate(Activity.objects.shown_in(feed))
        return ApiResponse(
            document={
                "results": self.render(activities),
                "next": page.next_link(request, activities) if has_more else "",
            }
        )

    def render(self, activities: Sequence[Activity]) -> list[dict[str, Any]]:
        """Return the documents of activities, in the order given."""
        return _enriched(self.request, activities)


class Feed(EnrichedFeed):
    """A feed to read and to add to."""

    def render(self, activities: Sequence[Activity]) -> list[dict[str, Any]]:
        """Return the documents of activities as they were added."""
        return [render_activity(activity) for activity in activities]

    def post(self, request: HttpRequest, slug: str, user_id: str) -> ApiResponse:
        """Add one activity, or all of {"activities": [...]}, or none of them."""
        feed = _authorized_feed(request, "write", slug, user_id)
        document, received = read_body(request), timezone.now()
        if "activities" in document:
            return ApiResponse(
                document=_add_all(feed, document["activities"], received), status=201
            )
        (activity,) = storage.add(feed, [read_draft(document, received=received)])
        return ApiResponse(document=render_activity(activity), status=201)


class FeedActivity(Endpoint):
    """An activity of a feed, by its id or by its foreign_id."""

    def delete(self, request: HttpRequest, slug: str, user_id: str, identifier: str) -> ApiResponse:
        """Remove the activity. It is not an error if it does not exist."""
        feed = _authorized_feed(request, "delete", slug, user_id)
        if request.GET.get("foreign_id") == "1":
            storage.remove_by_foreign_id(feed, _require_storable(identifier))
        else:
            storage.remove_by_id(feed, parse_id(identifier))
        return ApiResponse(document={"removed": identifier})


class NotImplementedEndpoint(Endpoint):
    """An endpoint of Stream's API that this server does not implement."""

    def get(self, request: HttpRequest, **_: Any) -> ApiResponse:
        """Raise NotFoundError."""
        raise NotFoundError(f"This server does not implement {request.method} {request.path} yet.")

    post = put = patch = delete = get


class Activities(NotImplementedEndpoint):
    """Activities by id, or by foreign_id and time, of any feed."""

    def get(self, request: HttpRequest, **_: Any) -> ApiResponse:
        """Return the activities that exist, in the order of the request."""
        authorize(request, Permission(resource="activities", action="read"))
        ids = list(dict.fromkeys(_requested_ids(request)))
        if len(ids) > MAX_LOOKUPS:
            raise InputError(f"Request at most {MAX_LOOKUPS} activities.")
        found = Activity.objects.in_bulk(ids)
        results = self.render([found[pk] for pk in ids if pk in found])
        return ApiResponse(document={"results": results})

    def render(self, activities: Sequence[Activity]) -> list[dict[str, Any]]:
        """Return the documents of activities as they were added."""
        return [render_activity(activity) for activity in activities]


class EnrichedActivities(Activities):
    """Activities with expanded references and, if they are requested, reactions."""

    def render(self, activities: Sequence[Activity]) -> list[dict[str, Any]]:
        """Return the documents of activities, in the order given."""
        return _enriched(self.request, activities)


def health(_: HttpRequest) -> JsonResponse:
    """Respond to a health check."""
    return JsonResponse({"status": "ok"})


def _authorized_feed(request: HttpRequest, action: str, slug: str, user_id: str) -> FeedId:
    feed = FeedId(slug=slug, user_id=user_id)
    authorize(request, Permission(resource="feed", action=action, feed=feed))
    return feed


def _enriched(request: HttpRequest, activities: Sequence[Activity]) -> list[dict[str, Any]]:
    options = ReactionOptions.of(request, Caller.identify(request))
    return enrich([render_activity(activity) for activity in activities], options)


def _add_all(feed: FeedId, items: object, received: datetime) -> dict[str, Any]:
    if not isinstance(items, list) or not items:
        raise InputError.for_fields({"activities": ["this field must be a list of activities"]})
    activities = storage.add(feed, read_drafts(items, received=received))
    return {"activities": [render_activity(activity) for activity in activities]}


def _requested_ids(request: HttpRequest) -> list[UUID]:
    if "ids" in request.GET:
        return [parse_id(text) for text in request.GET["ids"].split(",")]
    foreign_ids = _split_parameter(request, "foreign_ids")
    timestamps = _split_parameter(request, "timestamps")
    if len(foreign_ids) != len(timestamps):
        raise InputError("foreign_ids and timestamps must have the same number of values.")
    return [_parse_pair(*pair) for pair in zip(foreign_ids, timestamps, strict=True)]


def _split_parameter(request: HttpRequest, name: str) -> list[str]:
    if name not in request.GET:
        raise InputError("Set ids, or foreign_ids and timestamps.")
    return request.GET[name].split(",")


def _parse_pair(foreign_id: str, timestamp: str) -> UUID:
    try:
        return id_from_pair(_require_storable(foreign_id), parse_time(timestamp))
    except ValueError as error:
        raise InputError.for_fields({"timestamps": [str(error)]}) from error


def _require_storable(text: str) -> str:
    if not is_storable(text):
        raise InputError.for_fields({"foreign_id": ["a NUL or a lone surrogate is not allowed"]})
    return text
