"""Look up activities of Feeds v2 in their feeds, as they are now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dj_actions.exceptions import DestinationNotFound, PublisherUnavailable, RateLimited
from dj_actions.messages import CurrentResult
from dj_actions_stream.effects import Effect
from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.publishing.finding import feeds_of
from dj_actions_stream.transport.responses import NOT_STREAM
from dj_actions_stream.v2.client import FeedsClient
from dj_actions_stream.v2.errors import translate_errors

MAX_LOOKED_UP = 100
"""Activities of one request, as Stream documents it."""

MAX_FEEDS = 10
"""Feeds that are read for one activity: a request or two for each."""

PAGE_SIZE = 25
"""The newest entries of a feed: most activities that are looked up are among them."""


class CurrentActivities:
    """Reads activities, and the feeds that should have them; changes nothing.

    Args:
        client: the client to use.
    """

    def __init__(self, client: FeedsClient) -> None:
        self._client = client

    def results(self, effects: Sequence[Effect]) -> Iterator[CurrentResult]:
        """Yield a result for each feed of each activity.

        Args:
            effects: those that have added the activities.

        Raises:
            PublishError: Stream did not respond, or responded with an error.
        """
        if not effects:
            return
        activities = self._activities(effects[:MAX_LOOKED_UP])
        for effect in effects[:MAX_LOOKED_UP]:
            activity = activities.get(effect.id)
            feeds = list(feeds_of(effect))
            for number, feed in enumerate(feeds):
                if activity is None:
                    yield CurrentResult(scope=str(feed), exists=False)
                elif number < MAX_FEEDS:
                    yield self._result(feed, activity)
                else:
                    yield CurrentResult(scope=str(feed), exists=None)

    def _activities(self, effects: Sequence[Effect]) -> dict[str, Mapping[str, Any]]:
        """Return the activities that exist, by our own ids."""
        pairs = [(effect.id, effect.time) for effect in effects]
        with translate_errors():
            page = self._client.get_activities(foreign_id_times=pairs)
        return {str(entry.get("foreign_id")): entry for entry in _results(page)}

    def _result(self, feed: FeedId, activity: Mapping[str, Any]) -> CurrentResult:
        """Read a feed, and return whether it has an activity."""
        key = str(activity.get("id", ""))
        try:
            newest = self._read(feed, limit=PAGE_SIZE)
            is_grouped = any("activities" in entry for entry in newest)
            found = _find(key, newest)
            if found is None and not is_grouped and len(newest) == PAGE_SIZE:
                found = _find(key, self._read(feed, limit=1, id_lte=key))
        except DestinationNotFound:  # the group was removed, with its feeds
            return CurrentResult(scope=str(feed), exists=False)
        except (PublisherUnavailable, RateLimited):  # the other feeds are worth showing
            return CurrentResult(scope=str(feed), exists=None)
        if found is None:
            # Groups show a part of their activities.
            return CurrentResult(scope=str(feed), exists=None if is_grouped else False)
        return CurrentResult(
            scope=str(feed),
            exists=True,
            # A page of groups begins at a group, not at an activity.
            id="" if is_grouped else key,
            text=str(found.get("summary") or ""),
            data=found,
        )

    def _read(self, feed: FeedId, **parameters: Any) -> list[Mapping[str, Any]]:
        with translate_errors():
            return _results(self._client.feed(feed.slug, feed.id).get(**parameters))


def _find(key: str, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the activity with an id; None if it is not among these entries."""
    shown = (activity for entry in entries for activity in entry.get("activities", [entry]))
    return next((activity for activity in shown if str(activity.get("id")) == key), None)


def _results(page: Any) -> list[Mapping[str, Any]]:
    results = page.get("results") if isinstance(page, dict) else None
    if not isinstance(results, list) or not all(isinstance(entry, dict) for entry in results):
        raise PublisherUnavailable(f"Stream: {str(page)[:200]!r}. {NOT_STREAM}")
    return results
