"""Publish messages to Stream's Feeds v3."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property

from dj_actions.messages import Message, Receipt
from dj_actions.publishers import before_sending
from dj_actions_stream.effects import activity_id
from dj_actions_stream.publishing.base import FeedsPublisher, creating_client
from dj_actions_stream.publishing.finding import ActivityFinder
from dj_actions_stream.v3.activities import MAX_BATCH
from dj_actions_stream.v3.batches import Prepared, batches_of, send_or_split
from dj_actions_stream.v3.client import FeedsV3Client
from dj_actions_stream.v3.lookup import ActivityLookup
from dj_actions_stream.v3.sender import EffectSender


class StreamV3Publisher(FeedsPublisher):
    """A publisher that changes feeds of Stream's Feeds v3.

    Args:
        api_key: the Stream app's key.
        api_secret: the app's secret; keep it in the environment.
        feed: template, or templates, of the feeds of an activity; see `StreamPublisher`.
        to: templates of further feeds, in addition to the recipients emitted by the action.
        activity: how messages appear in feeds; see `StreamPublisher`.
        page_url: template of the address of a page that shows an activity; see `StreamPublisher`.
        base_url: scheme, host and port of another server than Stream's.
        connect_timeout: seconds to wait for a connection.
        timeout: seconds to wait for the whole of a response.
    """

    min_batch_size = MAX_BATCH

    @cached_property
    def _client(self) -> FeedsV3Client:
        return FeedsV3Client(
            self._api_key, self._api_secret, base_url=self._base_url, timeouts=self._timeouts
        )

    @cached_property
    def _sender(self) -> EffectSender:
        return EffectSender(self._make_client())

    def check_reachable(self) -> bool:
        """Read the feed groups, for which Stream checks the key and signature."""
        self._make_client().feed_groups()
        return True

    def existing_groups(self, groups: Collection[str]) -> set[str]:
        """Read the list of all feed groups."""
        return set(groups) & set(self._make_client().feed_groups())

    def activity_finder(self) -> ActivityFinder:
        """Return what looks up activities by their ids."""
        return ActivityLookup(self._make_client())

    def close(self) -> None:
        """Close all connections."""
        self.__dict__.pop("_sender", None)
        if "_client" in self.__dict__:
            self.__dict__.pop("_client").close()

    def _outcomes(self, messages: Sequence[Message]) -> Iterator[Receipt | BaseException]:
        """Store up to a hundred activities with one call; yield each outcome."""
        for batch in batches_of(map(self._prepare, messages)):
            yield from self._publish_batch(batch)

    def _prepare(self, message: Message) -> Prepared:
        """Return what to do for a message; an error is its outcome."""
        try:
            with before_sending():
                effects = tuple(self._mapping.effects(message))
        except BaseException as error:  # noqa: BLE001 - one message must not affect the others
            return Prepared(message=message, error=error)
        return Prepared(message=message, effects=effects, is_alone=message.attempt > 1)

    def _publish_batch(self, batch: Sequence[Prepared]) -> Iterator[Receipt | BaseException]:
        sendable = [entry for entry in batch if entry.error is None]
        errors = send_or_split(sendable, self._send) if sendable else iter(())
        for entry in batch:
            yield entry.error or next(errors) or self._receipt_of(entry)

    def _send(self, batch: Sequence[Prepared]) -> None:
        effects = [effect for entry in batch for effect in entry.effects]
        if all(entry.only_adds for entry in batch):
            self._sender.add(effects)
            return
        for effect in effects:
            self._sender.send(effect)

    def _receipt_of(self, prepared: Prepared) -> Receipt:
        """Return the receipt of a message: the activity of its last effect, and its feed."""
        for effect in reversed(prepared.effects):
            return self._receipt(next(iter(effect.feeds), None), effect.id)
        return self._receipt(None, activity_id(prepared.message))

    def _make_client(self) -> FeedsV3Client:
        with creating_client(self._timeouts):
            return self._client
