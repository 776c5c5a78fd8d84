"""The endpoints that read, add, overwrite and remove activities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from dj_actions_stream.server.access import policies
from dj_actions_stream.server.access.tokens import Grant, Permission, authorize
from dj_actions_stream.server.identity import id_from_pair, parse_id, parse_time
from dj_actions_stream.server.models import Activity
from dj_actions_stream.server.parsing.feed_ids import FeedId
from dj_actions_stream.server.parsing.fields import Target
from dj_actions_stream.server.protocol.endpoints import ApiResponse, Endpoint, read_body
from dj_actions_stream.server.protocol.errors import InputError, NotAllowedError, NotFoundError
from dj_actions_stream.server.protocol.payloads import is_storable
from dj_actions_stream.server.reading.activities import (
    Draft,
    read_draft,
    read_drafts,
    read_updates,
    render_activity,
)
from dj_actions_stream.server.reading.enrichment import enrich
from dj_actions_stream.server.reading.feed_pages import read_special
from dj_actions_stream.server.reading.pagination import Page, ShownActivity
from dj_actions_stream.server.reading.reaction_enrichment import ReactionOptions
from dj_actions_stream.server.writing import storage

# Stream's documented limit of activities per lookup.
MAX_LOOKUPS = 100


class EnrichedFeed(Endpoint):
    """A feed with expanded references and, if they are requested, reactions."""

    def get(self, request: HttpRequest, slug: str, user_id: str) -> ApiResponse:
        """Return a page of the feed, newest first."""
        feed, _ = authorize_feed(request, "feed", "read", slug, user_id)
        special = read_special(request, feed, self.render)
        if special is not None:
            return ApiResponse(document=special)
        page = Page.from_query(request.GET.dict())
        shown, has_more = page.read(feed)
        # All of them may have been removed while the page was read.
        is_last = not (has_more and shown)
        following = "" if is_last else page.next_link(request, shown[-1].activity.pk)
        return ApiResponse(document={"results": self.render(shown), "next": following})

    def render(self, shown: Sequence[ShownActivity]) -> list[dict[str, Any]]:
        """Return the documents of activities, in the order given."""
        return enrich(_rendered(shown), ReactionOptions.of(self.request))


class Feed(EnrichedFeed):
    """A feed to read and to add to."""

    def render(self, shown: Sequence[ShownActivity]) -> list[dict[str, Any]]:
        """Return the documents of activities as they were added."""
        return _rendered(shown)

    def post(self, request: HttpRequest, slug: str, user_id: str) -> ApiResponse:
        """Add one activity, or all of {"activities": [...]}, or none of them."""
        feed, grant = authorize_feed(request, "feed", "write", slug, user_id)
        document, received = read_body(request), timezone.now()
        if "activities" in document:
            drafts = read_drafts(document["activities"], received=received)
            return ApiResponse(document={"activities": _add(feed, drafts, grant)}, status=201)
        (activity,) = _add(feed, [read_draft(document, received=received)], grant)
        return ApiResponse(document=activity, status=201)


class FeedActivity(Endpoint):
    """An activity of a feed, by its id or by its foreign_id."""

    def delete(self, request: HttpRequest, slug: str, user_id: str, identifier: str) -> ApiResponse:
        """Remove the activity. It is not an error if it does not exist."""
        feed, _ = authorize_feed(request, "feed", "delete", slug, user_id)
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


class EnrichedActivities(Endpoint):
    """Activities of any feed by id, or by foreign_id and time, enriched as in a feed."""

    def get(self, request: HttpRequest) -> ApiResponse:
        """Return the activities that exist, in the order of the request."""
        authorize(request, Permission(resource="activities", action="read", open_to_users=True))
        ids = list(dict.fromkeys(_requested_ids(request)))
        if len(ids) > MAX_LOOKUPS:
            raise InputError(f"Request at most {MAX_LOOKUPS} activities.")
        found = Activity.objects.in_bulk(ids)
        results = self.render([render_activity(found[pk]) for pk in ids if pk in found])
        return ApiResponse(document={"results": results})

    def render(self, documents: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the enriched documents of activities, in the order given."""
        return enrich(documents, ReactionOptions.of(self.request))


class Activities(EnrichedActivities):
    """Activities to read and to overwrite."""

    def render(self, documents: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the documents as they are."""
        return list(documents)

    def post(self, request: HttpRequest) -> ApiResponse:
        """Overwrite all of {"activities": [...]}, or none of them."""
        authorize(request, Permission(resource="activities", action="write"))
        storage.overwrite(read_updates(read_body(request).get("activities")))
        return ApiResponse(document={}, status=201)


def health(_: HttpRequest) -> JsonResponse:
    """Respond to a health check."""
    return JsonResponse({"status": "ok"})


def authorize_feed(
    request: HttpRequest, resource: str, action: str, slug: str, user_id: str
) -> tuple[FeedId, Grant]:
    """Return the feed in a URL and what the token grants, if it grants this action on the feed."""
    feed = FeedId(slug=slug, user_id=user_id)
    return feed, authorize(request, Permission(resource=resource, action=action, feed=feed))


def check_targets(targets: Iterable[Target], grant: Grant) -> None:
    """Raise NotAllowedError if an activity may not be copied to one of the targets."""
    for target in targets:
        if not grant.may_target(target.feed, target.token):
            raise NotAllowedError(f"The token does not permit `to` with {target.feed}.")


def _rendered(shown: Sequence[ShownActivity]) -> list[dict[str, Any]]:
    return [render_activity(item.activity, origin=item.origin) for item in shown]


def _add(feed: FeedId, drafts: list[Draft], grant: Grant) -> list[dict[str, Any]]:
    for draft in drafts:
        _check_actor(draft, grant)
        check_targets(draft.to, grant)
    activities = storage.add(feed, drafts, may_write=grant.may_write)
    # stream-js, which has a user's token, expects what it reads later, without an empty `to`.
    empty: dict[str, Any] = {"to": []} if grant.user_id is None else {}
    return [{**empty, **render_activity(activity)} for activity in activities]


def _check_actor(draft: Draft, grant: Grant) -> None:
    if grant.user_id is not None and not policies.may_act_as(grant.user_id, draft.actor):
        raise NotAllowedError(f"A user's token does not permit the actor {draft.actor}.")


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
