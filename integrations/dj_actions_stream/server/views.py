"""The part of Stream's Feeds v2 API that this server speaks, an endpoint per class."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from dj_actions_stream.server import storage
from dj_actions_stream.server.activities import read_draft, read_drafts, render_activity
from dj_actions_stream.server.endpoints import Answer, Endpoint, read_body
from dj_actions_stream.server.errors import InputError, NotFoundError
from dj_actions_stream.server.feeds import FeedId
from dj_actions_stream.server.identity import id_of_pair, parse_id, parse_time
from dj_actions_stream.server.models import Activity
from dj_actions_stream.server.pagination import Page
from dj_actions_stream.server.payloads import is_storable
from dj_actions_stream.server.tokens import Permission, authorize

# Stream's documented limit of activities in one answer of this kind.
MAX_ASKED = 100


class EnrichedFeed(Endpoint):
    """A feed to read, with its references expanded: of which there are none yet."""

    def get(self, request: HttpRequest, slug: str, user_id: str) -> Answer:
        """Return a page, newest first."""
        feed = _authorized_feed(request, "read", slug, user_id)
        page = Page.of(request.GET.dict())
        activities, more = page.of_feed(Activity.objects.shown_in(feed))
        return Answer(
            document={
                "results": [render_activity(activity) for activity in activities],
                "next": page.next_link(request, activities) if more else "",
            }
        )


class Feed(EnrichedFeed):
    """A feed to read, as it is, and to add to."""

    def post(self, request: HttpRequest, slug: str, user_id: str) -> Answer:
        """Add one activity, or {"activities": [...]}: all of them or none."""
        feed = _authorized_feed(request, "write", slug, user_id)
        document, received = read_body(request), timezone.now()
        if "activities" in document:
            return Answer(document=_add_all(feed, document["activities"], received), status=201)
        (activity,) = storage.add(feed, [read_draft(document, received=received)])
        return Answer(document=render_activity(activity), status=201)


class FeedActivity(Endpoint):
    """One activity of a feed, by its id or by its foreign_id."""

    def delete(self, request: HttpRequest, slug: str, user_id: str, identifier: str) -> Answer:
        """Remove it; that it is not there is no error."""
        feed = _authorized_feed(request, "delete", slug, user_id)
        if request.GET.get("foreign_id") == "1":
            storage.remove_by_foreign_id(feed, _storable(identifier))
        else:
            storage.remove_by_id(feed, parse_id(identifier))
        return Answer(document={"removed": identifier})


class Unserved(Endpoint):
    """All of Stream's API that this server does not speak."""

    def get(self, request: HttpRequest, **_: Any) -> Answer:
        """Say so."""
        raise NotFoundError(f"This server does not serve {request.method} {request.path} yet.")

    post = put = patch = delete = get


class Activities(Unserved):
    """Activities by id, or by foreign_id and time, whatever feed they are in."""

    def get(self, request: HttpRequest, **_: Any) -> Answer:
        """Return those that exist, in the order asked for."""
        authorize(request, Permission(resource="activities", action="read"))
        ids = list(dict.fromkeys(_asked_ids(request)))
        if len(ids) > MAX_ASKED:
            raise InputError(f"Ask for at most {MAX_ASKED} activities.")
        found = Activity.objects.in_bulk(ids)
        results = [render_activity(found[asked]) for asked in ids if asked in found]
        return Answer(document={"results": results})


def health(_: HttpRequest) -> JsonResponse:
    """Tell whoever watches over the process that it answers."""
    return JsonResponse({"status": "ok"})


def _authorized_feed(request: HttpRequest, action: str, slug: str, user_id: str) -> FeedId:
    feed = FeedId(slug=slug, user_id=user_id)
    authorize(request, Permission(resource="feed", action=action, feed=feed))
    return feed


def _add_all(feed: FeedId, items: object, received: datetime) -> dict[str, Any]:
    if not isinstance(items, list) or not items:
        raise InputError.of_fields({"activities": ["this field is a list of activities"]})
    activities = storage.add(feed, read_drafts(items, received=received))
    return {"activities": [render_activity(activity) for activity in activities]}


def _asked_ids(request: HttpRequest) -> list[UUID]:
    if "ids" in request.GET:
        return [parse_id(text) for text in request.GET["ids"].split(",")]
    foreign_ids = _listed(request, "foreign_ids")
    timestamps = _listed(request, "timestamps")
    if len(foreign_ids) != len(timestamps):
        raise InputError("foreign_ids and timestamps have to be as many.")
    return [_pair(*pair) for pair in zip(foreign_ids, timestamps, strict=True)]


def _listed(request: HttpRequest, name: str) -> list[str]:
    if name not in request.GET:
        raise InputError("Ask by ids, or by foreign_ids and timestamps.")
    return request.GET[name].split(",")


def _pair(foreign_id: str, timestamp: str) -> UUID:
    try:
        return id_of_pair(_storable(foreign_id), parse_time(timestamp))
    except ValueError as error:
        raise InputError.of_fields({"timestamps": [str(error)]}) from error


def _storable(text: str) -> str:
    if not is_storable(text):
        raise InputError.of_fields({"foreign_id": ["no NUL and no unpaired surrogate"]})
    return text
