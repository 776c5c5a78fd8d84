"""Look up activities of Feeds v3 by their ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from getstream.models import ActivityResponse

from dj_actions.messages import CurrentResult
from dj_actions_stream.chunks import chunks
from dj_actions_stream.effects import Effect
from dj_actions_stream.publishing.finding import Finding, feeds_of
from dj_actions_stream.v3.activities import MAX_BATCH, activity_ids_of
from dj_actions_stream.v3.client import FeedsV3Client

MAX_LOOKED_UP = 20
"""Activities of one lookup: with the copies in further feeds, they fit into one request."""


class ActivityLookup:
    """Finds activities by their ids, a hundred with one call.

    Args:
        client: the client to use.
    """

    def __init__(self, client: FeedsV3Client) -> None:
        self._client = client

    def find(self, effects: Sequence[Effect]) -> Iterator[Finding]:
        """Yield where the activity of each effect is missing."""
        ids = [part_id for effect in effects for part_id in activity_ids_of(effect)]
        feeds: dict[str, set[str]] = {}
        for chunk in chunks(ids, MAX_BATCH):
            feeds |= self._client.feeds_of(chunk)
        for effect in effects:
            found = set().union(*(feeds.get(part_id, ()) for part_id in activity_ids_of(effect)))
            missing = tuple(feed for feed in feeds_of(effect) if str(feed) not in found)
            yield Finding(effect=effect, missing_from=missing)


def current_results(client: FeedsV3Client, effects: Sequence[Effect]) -> Iterator[CurrentResult]:
    """Yield a result for each feed of each activity, as Stream has them now, with one request.

    Args:
        client: the client to use.
        effects: those that have added the activities; of many, the first ones.

    Raises:
        PublishError: Stream did not respond, or responded with an error.
    """
    parts = {effect.id: activity_ids_of(effect) for effect in effects[:MAX_LOOKED_UP]}
    ids = [part_id for part_ids in parts.values() for part_id in part_ids][:MAX_BATCH]
    if not ids:
        return
    activities = {activity.id: activity for activity in client.activities(ids)}
    for effect in effects[:MAX_LOOKED_UP]:
        found = [activities[key] for key in parts[effect.id] if key in activities]
        for feed in feeds_of(effect):
            yield _result(str(feed), found)


def _result(feed: str, parts: Sequence[ActivityResponse]) -> CurrentResult:
    """Return whether one of the parts of an activity is in a feed."""
    activity = next((part for part in parts if feed in (part.feeds or ())), None)
    if activity is None:
        return CurrentResult(scope=feed, exists=False)
    return CurrentResult(
        scope=feed,
        exists=True,
        id=activity.id,
        text=activity.text or "",
        data=_data(activity),
    )


def _data(activity: ActivityResponse) -> Mapping[str, Any]:
    """Return what an activity says, without what Stream counts and adds."""
    return {
        "id": activity.id,
        "type": activity.type,
        "text": activity.text,
        "feeds": activity.feeds,
        "custom": activity.custom,
        "created_at": activity.created_at,
        "updated_at": activity.updated_at,
    }
