"""Read feeds of Feeds v2 from the newest activity down, to find activities in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from dj_actions.exceptions import DestinationNotFound, PublisherUnavailable
from dj_actions_stream.effects import Effect
from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.publishing.finding import Finding, feeds_of
from dj_actions_stream.transport.responses import NOT_STREAM
from dj_actions_stream.v2.client import FeedsClient
from dj_actions_stream.v2.errors import translate_errors

PAGE_SIZE = 50
"""Activities of a page: as many of the largest ones fit into the largest response."""

MAX_READABLE = 1000
"""Activities of a feed that Stream returns at most: the newest ones."""

PROBE = "dj_actions-group-check"
"""Id of the feed that is read to find out whether its group exists."""


class FeedReaders:
    """Finds activities by reading their feeds; each page is read once.

    Args:
        client: the client to use.
    """

    def __init__(self, client: FeedsClient) -> None:
        self._client = client
        self._readers: dict[FeedId, FeedReader] = {}

    def find(self, effects: Sequence[Effect]) -> Iterator[Finding]:
        """Yield where the activity of each effect is missing."""
        for effect in effects:
            states = {feed: self._reader(feed).has(effect) for feed in feeds_of(effect)}
            yield Finding(
                effect=effect,
                missing_from=tuple(feed for feed, state in states.items() if state is False),
                unknown_in=tuple(feed for feed, state in states.items() if state is None),
            )

    def _reader(self, feed: FeedId) -> FeedReader:
        if feed not in self._readers:
            self._readers[feed] = FeedReader(self._client, feed)
        return self._readers[feed]


class FeedReader:
    """Reads one feed as far as it is needed.

    Args:
        client: the client to use.
        feed: the feed.
    """

    def __init__(self, client: FeedsClient, feed: FeedId) -> None:
        self._client = client
        self._feed = feed
        self._foreign_ids: set[str] = set()
        self._last_id: str | None = None
        self._oldest: datetime | None = None
        self._count = 0
        self._is_at_end = False
        self._is_grouped = False

    def has(self, effect: Effect) -> bool | None:
        """Return whether the feed has the activity of an effect; None if that is unknown."""
        while not (self._is_at_end or self._is_past(effect.time)):
            self._read_page()
        if effect.id in self._foreign_ids:
            return True
        is_cut = self._count >= MAX_READABLE and not self._is_past(effect.time)
        return None if self._is_grouped or is_cut else False

    def _is_past(self, time: datetime) -> bool:
        return self._oldest is not None and self._oldest < time

    def _read_page(self) -> None:
        parameters: dict[str, Any] = {"limit": PAGE_SIZE}
        if self._last_id:
            parameters["id_lt"] = self._last_id
        entries = _results(self._client, self._feed, parameters)
        for entry in entries:
            self._note(entry)
        self._count += len(entries)
        # Groups show a part of their activities, so reading more of them decides nothing.
        self._is_at_end = len(entries) < PAGE_SIZE or self._is_grouped

    def _note(self, entry: Any) -> None:
        """Remember an activity, or a group of them, of which a part is shown."""
        if "activities" in entry:
            self._is_grouped = True
        for activity in entry.get("activities", [entry]):
            self._foreign_ids.add(str(activity.get("foreign_id", "")))
        self._last_id = str(entry["id"])
        if not self._is_grouped:
            self._oldest = _moment(entry["time"])


def has_group(client: FeedsClient, group: str) -> bool:
    """Return whether a feed group exists.

    Raises:
        PublishError: Stream did not say.
    """
    try:
        _results(client, FeedId(group, PROBE), {"limit": 1})
    except DestinationNotFound:
        return False
    return True


def _results(client: FeedsClient, feed: FeedId, parameters: dict[str, Any]) -> list[Any]:
    with translate_errors():
        page = client.feed(feed.slug, feed.id).get(**parameters)
    results = page.get("results") if isinstance(page, dict) else None
    if not isinstance(results, list):
        raise PublisherUnavailable(f"Stream: {str(page)[:200]!r}. {NOT_STREAM}")
    return results


def _moment(time: Any) -> datetime:
    moment = time if isinstance(time, datetime) else datetime.fromisoformat(str(time))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
