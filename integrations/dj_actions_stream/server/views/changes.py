"""The endpoints for many feeds, for an activity's targets, and for partial updates."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone

from dj_actions_stream.server.access.tokens import Permission, authorize
from dj_actions_stream.server.parsing.fields import FieldReader
from dj_actions_stream.server.protocol.endpoints import ApiResponse, Endpoint, read_body
from dj_actions_stream.server.protocol.errors import InputError
from dj_actions_stream.server.reading.activities import read_draft, render_activity
from dj_actions_stream.server.views.activities import authorize_feed, check_targets
from dj_actions_stream.server.writing import storage
from dj_actions_stream.server.writing.targets import TargetChange, change_targets
from dj_actions_stream.server.writing.updates import read_partial_updates, update_partially

# Stream's documented limit for one request.
MAX_FEEDS = 5000


class ManyFeeds(Endpoint):
    """Many feeds to add one activity to."""

    def post(self, request: HttpRequest) -> ApiResponse:
        """Add the activity to the feeds, but not to their followers."""
        authorize(request, Permission(resource="feed", action="write"))
        reader = FieldReader(document := read_body(request))
        feeds = [target.feed for target in reader.feeds("feeds", limit=MAX_FEEDS)]
        reader.raise_errors()
        draft = read_draft(document.get("activity"), received=timezone.now())
        if not feeds or draft.to:
            raise InputError("Set feeds, and no `to` in the activity.")
        storage.add_to_many(feeds, draft)
        return ApiResponse(document={}, status=201)


class ActivityTargets(Endpoint):
    """The feeds in an activity's `to`."""

    def post(self, request: HttpRequest, slug: str, user_id: str) -> ApiResponse:
        """Replace the targets of an activity of the feed, or add and remove some."""
        feed, grant = authorize_feed(request, "feed_targets", "write", slug, user_id)
        change = TargetChange.parse(read_body(request))
        if grant.user_id is not None:
            check_targets(change.requested, grant)
        changed = change_targets(feed, change)
        return ApiResponse(
            document={
                "activity": {"to": [], **render_activity(changed.activity)},
                "added": [str(target) for target in changed.added],
                "removed": [str(target) for target in changed.removed],
            },
            status=201,
        )


class PartialUpdates(Endpoint):
    """Changes of single fields of activities."""

    def post(self, request: HttpRequest) -> ApiResponse:
        """Apply all of {"changes": [...]}, or none of them, and return the activities."""
        authorize(request, Permission(resource="activities", action="write"))
        updates = read_partial_updates(read_body(request).get("changes"))
        activities = update_partially(updates)
        rendered = [render_activity(activity) for activity in activities]
        return ApiResponse(document={"activities": rendered}, status=201)
