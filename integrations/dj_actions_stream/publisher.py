"""Add an activity to a Stream feed for each message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from django.core.checks import CheckMessage

from dj_actions.exceptions import (
    DestinationNotFound,
    PublisherMisconfigured,
    PublishError,
    PublisherUnavailable,
    PublishRejected,
)
from dj_actions.messages import Message, Receipt
from dj_actions.publishers import BasePublisher, before_sending
from dj_actions.publishers.http import require_timeouts, without_secrets
from dj_actions_stream import checks
from dj_actions_stream.activities import build_activity
from dj_actions_stream.client import FeedsClient
from dj_actions_stream.errors import NOT_STREAM, translate_errors
from dj_actions_stream.feed_ids import FeedId, fill_template

LATER_EVENTS = " A feed in ROUTES applies only to events that are recorded after it was set."


class StreamPublisher(BasePublisher):
    """A publisher that adds activities to Stream feeds, or to any server with the same protocol.

    Args:
        api_key: the Stream app's key.
        api_secret: the app's secret; keep it in the environment.
        feed: the feed of an activity: a template with `{actor}`, `{object}`, `{resource}` and
            `{action}`. A route may override it with `{"feed": …}`.
        to: templates of feeds that receive a copy, in addition to the recipients emitted by the
            action.
        base_url: scheme, host and port of another server than Stream's hosted service.
        location: region of Stream's hosted service.
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
        location: str | None = None,
        connect_timeout: float = 3.05,
        timeout: float = 10.0,
    ) -> None:
        super().__init__(alias=alias)
        if isinstance(to, str):
            raise TypeError(f"to is a string; did you mean [{to!r}]?")
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
        """Add the activity. Stream overwrites it with itself if it already exists."""
        with before_sending():
            feed = self._feed_for(message)
            activity = build_activity(message, to=self._targets(message))
        client = self._make_client()
        with translate_errors():
            added = client.feed(feed.slug, feed.id).add_activity(activity)
        return Receipt(id=_activity_id(added), scope=str(feed))

    def check_reachable(self) -> bool:
        """Fetch an activity that does not exist, for which Stream checks the key and signature."""
        client = self._make_client()
        with translate_errors():
            page = client.get_activities(ids=[str(UUID(int=0))])
        if not (isinstance(page, dict) and isinstance(page.get("results"), list)):
            raise PublisherUnavailable(f"Stream: {str(page)[:200]!r}. {NOT_STREAM}")
        return True

    def check(self) -> Iterable[CheckMessage]:
        """Yield an error for each missing or malformed option."""
        where = f'DJ_ACTIONS["PUBLISHERS"]["{self.alias}"]["OPTIONS"]'
        yield from checks.check_credentials(self._api_key, self._api_secret, where)
        yield from checks.check_address(self._base_url, self._location, where)
        yield from checks.check_timeouts(self._timeouts, where)
        yield from checks.check_templates((self._feed, *self._to), where)
        yield from checks.check_number_of_targets(self._to, where)

    def check_route(self, options: Mapping[str, Any], where: str) -> Iterable[CheckMessage]:
        """Yield an error if the route has a feed template that no message can fill."""
        if "feed" in options:
            yield from checks.check_templates([options["feed"]], where)

    def _make_client(self) -> FeedsClient:
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

    def close(self) -> None:
        """Close all connections."""
        if "_client" in self.__dict__:
            self.__dict__.pop("_client").session.close()

    def _feed_for(self, message: Message) -> FeedId:
        """Return the feed of a message; a wrong template of a route is wrong for its messages."""
        if "feed" in message.options:
            return self._fill_template(
                str(message.options["feed"]), message, DestinationNotFound, hint=LATER_EVENTS
            )
        return self._fill_template(self._feed, message, PublisherMisconfigured)

    def _fill_template(
        self, template: str, message: Message, failure: type[PublishError], *, hint: str = ""
    ) -> FeedId:
        try:
            return fill_template(template, message)
        except (LookupError, AttributeError, TypeError, ValueError) as error:
            raise failure(
                f"Invalid feed template {template!r} for {message.label}: {error}. "
                "Available placeholders: {actor}, {object}, {resource} and {action}." + hint
            ) from error

    def _targets(self, message: Message) -> list[str]:
        filled = [
            str(self._fill_template(template, message, PublisherMisconfigured))
            for template in self._to
        ]
        try:
            emitted = [str(FeedId.parse(entry)) for entry in message.recipients]
        except ValueError as error:
            raise PublishRejected(f"Invalid recipient of {message.label}: {error}") from error
        return list(dict.fromkeys([*filled, *emitted]))


def _activity_id(added: Any) -> str:
    """Return the id of the activity that was added.

    The client treats any JSON without an `exception` as success, even a proxy's 404 page.
    """
    activity_id = added.get("id") if isinstance(added, dict) else None
    if isinstance(activity_id, str) and activity_id:
        return activity_id
    raise PublisherUnavailable(
        f"Stream: the response is not an activity: {str(added)[:200]}. Is a proxy in front of it?"
    )
