"""Publish messages to Stream's Feeds v2."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import groupby
from typing import Any
from uuid import UUID

from dj_actions.exceptions import PublisherUnavailable
from dj_actions.messages import Message, Receipt
from dj_actions.publishers import before_sending
from dj_actions_stream.activities.conversion import activity_of
from dj_actions_stream.effects import Effect, EffectKind, activity_id
from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.publishing.base import FeedsPublisher, creating_client
from dj_actions_stream.publishing.finding import ActivityFinder
from dj_actions_stream.transport.responses import NOT_STREAM
from dj_actions_stream.v2.batches import MAX_ACTIVITIES, Addition, BatchedCalls, Step
from dj_actions_stream.v2.calls import FeedCalls, additions
from dj_actions_stream.v2.client import FeedsClient
from dj_actions_stream.v2.errors import translate_errors
from dj_actions_stream.v2.feed_readers import FeedReaders, has_group


class StreamPublisher(FeedsPublisher):
    """A publisher that changes Stream feeds, or those of any server with the same protocol.

    By default it adds one activity for each message. An `Activity` declares what else it does.

    Args:
        api_key: the Stream app's key.
        api_secret: the app's secret; keep it in the environment.
        feed: template, or templates, of the feeds of an activity, for example `user:{actor}`. A
            route may override it with `{"feed": …}`.
        to: templates of feeds that receive a copy, in addition to the recipients emitted by the
            action. A route may override it with `{"to": […]}`.
        activity: a subclass of `Activity`, a function, a dotted path to one of them, or a dict of
            pattern, such as `todo.*`, → one of these. An action's own `activity` takes precedence.
        page_url: template of the address of a page that shows an activity, for links in records:
            it may contain `{group}`, `{id}` and `{activity}`.
        base_url: scheme, host and port of another server than Stream's hosted service.
        location: region of Stream's hosted service.
        connect_timeout: seconds to wait for a connection.
        timeout: seconds to wait for the whole of a response.
    """

    min_batch_size = MAX_ACTIVITIES

    def __init__(
        self,
        *,
        alias: str,
        api_key: str,
        api_secret: str,
        feed: str | Sequence[str] = "user:{actor}",
        to: Sequence[str] = (),
        activity: Any = None,
        page_url: str = "",
        base_url: str | None = None,
        location: str | None = None,
        connect_timeout: float = 3.05,
        timeout: float = 10.0,
    ) -> None:
        super().__init__(
            alias=alias,
            api_key=api_key,
            api_secret=api_secret,
            feed=feed,
            to=to,
            activity=activity,
            page_url=page_url,
            base_url=base_url,
            connect_timeout=connect_timeout,
            timeout=timeout,
        )
        self._location = location

    @cached_property
    def _client(self) -> FeedsClient:
        return FeedsClient(
            self._api_key,
            self._api_secret,
            base_url=self._base_url,
            location=self._location,
            timeouts=self._timeouts,
            decodes_times=False,
        )

    def _outcomes(self, messages: Sequence[Message]) -> Iterator[Receipt | BaseException]:
        """Add activities of the same feed with one call for a hundred; yield each outcome."""
        steps = [self._step_for(message) for message in messages]
        return BatchedCalls(self._add, steps).outcomes()

    def check_reachable(self) -> bool:
        """Fetch an activity that does not exist, for which Stream checks the key and signature."""
        client = self._make_client()
        with translate_errors():
            page = client.get_activities(ids=[str(UUID(int=0))])
        if not (isinstance(page, dict) and isinstance(page.get("results"), list)):
            raise PublisherUnavailable(f"Stream: {str(page)[:200]!r}. {NOT_STREAM}")
        return True

    def existing_groups(self, groups: Collection[str]) -> set[str]:
        """Read a feed of each group, for which Stream checks that the group exists."""
        client = self._make_client()
        return {group for group in groups if has_group(client, group)}

    def activity_finder(self) -> ActivityFinder:
        """Return what reads feeds page by page."""
        return FeedReaders(self._make_client())

    def close(self) -> None:
        """Close all connections."""
        if "_client" in self.__dict__:
            self.__dict__.pop("_client").session.close()

    def _step_for(self, message: Message) -> Step:
        """Return what to do for a message; an error is its outcome."""
        try:
            with before_sending():
                effects = self._mapping.effects(message)
                if not _is_one_addition(effects):
                    return partial(self._apply, effects, message)
                (effect,) = effects
                ((feed, targets),) = additions(effect)
                activity = {**activity_of(effect), "to": list(map(str, targets))}
        except BaseException as error:  # noqa: BLE001 - one message must not affect the others
            return error
        # It may be what failed, or what killed a relay.
        return Addition(feed=feed, activity=activity, is_alone=message.attempt > 1)

    def _add(self, feed: FeedId, activities: Sequence[Mapping[str, Any]]) -> list[Receipt]:
        """Add activities to a feed and return the receipt of each."""
        added = FeedCalls(self._make_client()).add(feed, activities)
        return [self._receipt(feed, found) for found in added]

    def _apply(self, effects: Sequence[Effect], message: Message) -> Receipt:
        """Carry out effects in order; the receipt is that of the last one.

        Raises:
            PublishError: one of them failed; the next attempt repeats those before it.
        """
        calls = FeedCalls(self._make_client())
        feed, last_id = None, activity_id(message)
        for group in _groups(effects):
            last_id = calls.apply(group)
            feed = next(iter(group[-1].feeds), None)
        return self._receipt(feed, last_id)

    def _make_client(self) -> FeedsClient:
        with creating_client(self._timeouts):
            return self._client


def _is_one_addition(effects: Sequence[Effect]) -> bool:
    """Return whether effects are one activity that can be added with one call."""
    kinds = [effect.kind for effect in effects]
    return kinds == [EffectKind.ADD] and len(additions(effects[0])) == 1


def _groups(effects: Sequence[Effect]) -> Iterator[list[Effect]]:
    """Yield effects that are carried out together: updates in a row, each of the others alone."""
    for kind, group in groupby(effects, key=lambda effect: effect.kind):
        if kind is EffectKind.UPDATE:
            yield list(group)
        else:
            yield from ([effect] for effect in group)
