"""Publish messages to Feeds v3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from django.core.checks import CheckMessage

from dj_actions.exceptions import DestinationNotFound, PublisherMisconfigured, PublishError
from dj_actions.messages import Message, Receipt
from dj_actions.publishers import BasePublisher, before_sending
from dj_actions.publishers.http import require_timeouts, without_secrets
from dj_actions_stream import checks
from dj_actions_stream.effects import Effect, activity_id
from dj_actions_stream.feed_ids import FeedId, fill_template
from dj_actions_stream.v3.batches import Prepared, batches_of, send_or_split
from dj_actions_stream.v3.client import FeedsV3Client
from dj_actions_stream.v3.sender import EffectSender


class StreamV3Publisher(BasePublisher):
    """A publisher that stores activities in Stream's Feeds v3.

    Args:
        api_key: the Stream app's key.
        api_secret: the app's secret; keep it in the environment.
        feed: the feed of an activity; see `StreamPublisher`.
        to: templates of further feeds, in addition to the recipients emitted by the action.
        base_url: scheme, host and port of another server than Stream's.
        connect_timeout: seconds to wait for a connection.
        timeout: seconds to wait for the whole of a response.
    """

    payload = ("data", "extra")
    route_options = ("feed",)

    def __init__(
        self,
        *,
        alias: str,
        api_key: str,
        api_secret: str,
        feed: str = "user:{actor}",
        to: Sequence[str] = (),
        base_url: str | None = None,
        connect_timeout: float = 3.05,
        timeout: float = 10.0,
    ) -> None:
        super().__init__(alias=alias)
        self._api_key = api_key
        self._api_secret = api_secret
        self._feed = feed
        self._to = tuple(to)
        self._base_url = base_url
        self._timeouts = (float(connect_timeout), float(timeout))

    @cached_property
    def _client(self) -> FeedsV3Client:
        return FeedsV3Client(
            self._api_key, self._api_secret, base_url=self._base_url, timeouts=self._timeouts
        )

    @cached_property
    def _sender(self) -> EffectSender:
        return EffectSender(self._make_client())

    def publish(self, message: Message) -> Receipt:
        """Store the activity. Stream replaces it by itself if it already exists."""
        (outcome,) = self.publish_many([message])
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def publish_many(self, messages: Sequence[Message]) -> Iterator[Receipt | BaseException]:
        """Store activities, up to 100 in a request."""
        for batch in batches_of(map(self._prepare, messages)):
            yield from self._publish_batch(batch)

    def _publish_batch(self, batch: Sequence[Prepared]) -> Iterator[Receipt | BaseException]:
        sendable = [entry for entry in batch if entry.error is None]
        errors = send_or_split(sendable, self._send) if sendable else iter(())
        for entry in batch:
            yield entry.error or next(errors) or _receipt_for(entry.effects)

    def _send(self, batch: Sequence[Prepared]) -> None:
        effects = [effect for entry in batch for effect in entry.effects]
        if all(entry.only_adds for entry in batch):
            self._sender.add(effects)
        else:
            for effect in effects:
                self._sender.send(effect)

    def _prepare(self, message: Message) -> Prepared:
        try:
            with before_sending():
                return Prepared(effects=tuple(self._effects_of(message)))
        except PublishError as error:
            return Prepared(error=error)

    def _effects_of(self, message: Message) -> Iterable[Effect]:
        template = str(message.options.get("feed", self._feed))
        kind = DestinationNotFound if "feed" in message.options else PublisherMisconfigured
        try:
            feed = fill_template(template, message)
            to = [FeedId.parse(entry) for entry in message.recipients]
            to += [fill_template(entry, message) for entry in self._to]
        except (LookupError, ValueError) as error:
            raise kind(f"Invalid feed template for {message.label}: {error}.") from error
        yield Effect(
            id=activity_id(message),
            time=message.occurred_at,
            actor=f"user:{message.actor.id}" if message.actor else "system",
            verb=message.action,
            object=f"{message.resource}:{message.object_id or '*'}",
            feeds=(feed,),
            to=tuple(to),
            labels={"actor": message.actor.label} if message.actor else {},
            summary=message.summary,
            resource=message.resource,
            object_ids=message.object_ids,
        )

    def check_reachable(self) -> bool:
        """Read the feed groups, which changes nothing."""
        self._make_client().feed_groups()
        return True

    def check(self) -> Iterable[CheckMessage]:
        """Yield an error for each missing or malformed option."""
        where = f'DJ_ACTIONS["PUBLISHERS"]["{self.alias}"]["OPTIONS"]'
        yield from checks.check_credentials(self._api_key, self._api_secret, where)
        yield from checks.check_address(self._base_url, None, where)
        yield from checks.check_timeouts(self._timeouts, where)
        yield from checks.check_templates((self._feed, *self._to), where)

    def check_route(self, options: Mapping[str, Any], where: str) -> Iterable[CheckMessage]:
        """Yield an error if the route has a feed template that no message can fill."""
        if "feed" in options:
            yield from checks.check_templates([options["feed"]], where)

    def close(self) -> None:
        """Close all connections."""
        self.__dict__.pop("_sender", None)
        if "_client" in self.__dict__:
            self.__dict__.pop("_client").close()

    def _make_client(self) -> FeedsV3Client:
        """Return the client; an error from its constructor is a configuration error."""
        require_timeouts(self._timeouts)
        try:
            return self._client
        except Exception as error:
            raise PublisherMisconfigured(
                without_secrets(
                    "Stream: the client cannot be created from OPTIONS: "
                    f"{type(error).__name__}: {error}"
                )
            ) from error


def _receipt_for(effects: Sequence[Effect]) -> Receipt:
    """Return the receipt of a message: the activity that it has changed first, and its feed."""
    first = effects[0]
    return Receipt(id=first.id, scope=str(first.feeds[0]) if first.feeds else "")
