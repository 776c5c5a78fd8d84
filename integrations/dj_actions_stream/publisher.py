"""Adds an activity to a Stream feed for each message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from django.core.checks import CheckMessage, Error

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublisherUnavailable,
    PublishRejected,
)
from dj_actions.messages import Message, Receipt
from dj_actions.publishers import BasePublisher
from dj_actions.publishers.http import is_base_url
from dj_actions_stream.activities import activity_of
from dj_actions_stream.client import FeedsClient
from dj_actions_stream.errors import NO_ANSWER, translated
from dj_actions_stream.feed_ids import FeedId, fill


class StreamPublisher(BasePublisher):
    """Publishes to Stream's feeds, or to any server that speaks its protocol.

    Args:
        api_key: key of the Stream app.
        api_secret: its secret; keep it in the environment.
        feed: the feed of an activity: a template with `{actor}`, `{object}`, `{resource}`,
            `{action}`. A route may name another, in `{"feed": …}`.
        to: templates of feeds that get a copy, in addition to the recipients emitted by the
            action.
        base_url: another server's scheme, host and port.
        location: region of Stream's own servers.
        connect_timeout: seconds to connect.
        timeout: seconds to wait for an answer.
    """

    def __init__(
        self,
        *,
        alias: str,
        api_key: str,
        api_secret: str,
        feed: str = "user:{actor}",
        to: Sequence[str] = (),
        base_url: str | None = None,
        location: str | None = None,
        connect_timeout: float = 3.05,
        timeout: float = 10.0,
    ) -> None:
        super().__init__(alias=alias)
        self._api_key = api_key
        self._api_secret = api_secret
        self._feed = feed
        self._to = tuple(to)
        self._base_url = base_url
        self._location = location
        self._timeouts = (float(connect_timeout), float(timeout))

    @cached_property
    def _client(self) -> FeedsClient:
        return FeedsClient(
            self._api_key,
            self._api_secret,
            base_url=self._base_url,
            location=self._location,
            timeouts=self._timeouts,
        )

    def publish(self, message: Message) -> Receipt:
        """Add the activity; Stream overwrites it with itself if it is already there."""
        feed = self._fill(str(message.options.get("feed", self._feed)), message)
        activity = activity_of(message, to=self._targets(message))
        client = self._make_client()
        with translated():
            answer = client.feed(feed.slug, feed.id).add_activity(activity)
        return Receipt(id=_activity_id(answer), scope=str(feed))

    def check_reachable(self) -> bool:
        """Read an activity that there is not: Stream checks key and signature all the same."""
        client = self._make_client()
        with translated():
            answer = client.get_activities(ids=[str(UUID(int=0))])
        if not (isinstance(answer, dict) and isinstance(answer.get("results"), list)):
            raise PublisherUnavailable(f"Stream: {str(answer)[:200]!r}. {NO_ANSWER}")
        return True

    def check(self) -> Iterable[CheckMessage]:
        """Yield what is missing or malformed."""
        where = f'DJ_ACTIONS["PUBLISHERS"]["{self.alias}"]["OPTIONS"]'
        for name, value in (("api_key", self._api_key), ("api_secret", self._api_secret)):
            if not value:
                yield Error(
                    f"{where}: {name} is empty.",
                    hint="Take it from the environment; Stream's dashboard shows it.",
                    id="dj_actions_stream.E001",
                )
        if self._base_url is not None and not is_base_url(self._base_url):
            yield Error(
                f"{where}: base_url is {self._base_url!r}.",
                hint="Give scheme, host and port only, for example 'http://localhost:9000'.",
                id="dj_actions_stream.E002",
            )
        yield from self._check_templates(where)

    def _make_client(self) -> FeedsClient:
        """Return the client; what it refuses when it is made is no message's fault."""
        try:
            return self._client
        except Exception as error:
            raise PublisherMisconfigured(
                f"Stream: no client can be made from the OPTIONS: {type(error).__name__}: {error}"
            ) from error

    def close(self) -> None:
        """Close the connections."""
        if "_client" in self.__dict__:
            self.__dict__.pop("_client").session.close()

    def _fill(self, template: str, message: Message) -> FeedId:
        try:
            return fill(template, message)
        except (LookupError, AttributeError, TypeError, ValueError) as error:
            raise DestinationNotFound(
                f"The feed template {template!r} of {message.label} cannot be filled: {error}. "
                "Known are {actor}, {object}, {resource} and {action}."
            ) from error

    def _targets(self, message: Message) -> list[str]:
        filled = [str(self._fill(template, message)) for template in self._to]
        try:
            emitted = [str(FeedId.parse(entry)) for entry in message.recipients]
        except ValueError as error:
            raise PublishRejected(f"A recipient of {message.label} is wrong: {error}") from error
        return list(dict.fromkeys([*filled, *emitted]))

    def _check_templates(self, where: str) -> Iterable[CheckMessage]:
        example = dict.fromkeys(("actor", "object", "resource", "action"), "x")
        for template in (self._feed, *self._to):
            try:
                FeedId.parse(template.format(**example))
            except (LookupError, AttributeError, TypeError, ValueError) as error:
                yield Error(
                    f"{where}: {template!r} names no feed: {error}",
                    hint="For example 'user:{actor}'; known are {actor}, {object}, {resource} "
                    "and {action}.",
                    id="dj_actions_stream.E003",
                )


def _activity_id(answer: Any) -> str:
    """Return the id of the activity that was added.

    The client takes any JSON without an `exception` for success, a proxy's 404 page included.
    """
    found = answer.get("id") if isinstance(answer, dict) else None
    if isinstance(found, str) and found:
        return found
    raise PublisherUnavailable(
        f"Stream: the answer holds no activity: {str(answer)[:200]}. Does a proxy stand between?"
    )
