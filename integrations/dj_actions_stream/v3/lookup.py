"""Look up activities of Feeds v3 by their ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dj_actions_stream.chunks import chunks
from dj_actions_stream.effects import Effect
from dj_actions_stream.publishing.finding import Finding, feeds_of
from dj_actions_stream.v3.activities import MAX_BATCH, activity_ids_of
from dj_actions_stream.v3.client import FeedsV3Client


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
