"""What publishers to activity feeds have in common, whatever client they use."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.checks import CheckMessage
from django.db.models import Model

from dj_actions.exceptions import PublisherMisconfigured
from dj_actions.messages import Message, Receipt
from dj_actions.publishers import BasePublisher
from dj_actions.publishers.http import require_timeouts, without_secrets
from dj_actions.publishers.templates import with_object_label
from dj_actions_stream.declaration.checks import check_activities
from dj_actions_stream.feed_ids import FeedId
from dj_actions_stream.mapping.message_mapping import MessageMapping
from dj_actions_stream.publishing import checks
from dj_actions_stream.publishing.finding import ActivityFinder
from dj_actions_stream.recipients import recipient

if TYPE_CHECKING:
    from dj_actions.context import ActionContext

RECEIPT_URL_LENGTH = 2000
"""Characters of a link that a receipt can have."""


@contextmanager
def creating_client(timeouts: tuple[float, float]) -> Iterator[None]:
    """Create a client; an error from its constructor is a configuration error.

    Raises:
        PublisherMisconfigured: the OPTIONS do not make a client.
    """
    require_timeouts(timeouts)
    try:
        yield
    except Exception as error:
        raise PublisherMisconfigured(
            without_secrets(
                "Stream: the client cannot be created from OPTIONS: "
                f"{type(error).__name__}: {error}"
            )
        ) from error


class FeedsPublisher(BasePublisher):
    """A publisher to activity feeds; subclasses carry out the effects of messages.

    Args:
        api_key: the Stream app's key.
        api_secret: the app's secret.
        feed: template, or templates, of the feeds of an activity; a route may override it.
        to: templates of feeds that receive a copy, in addition to the recipients emitted by the
            action; a route may override it.
        activity: how messages appear in feeds; see `MessageMapping.activity`.
        page_url: template of the address of a page that shows an activity, for links in records:
            it may contain `{group}`, `{id}` and `{activity}`.
        base_url: scheme, host and port of another server than Stream's.
        connect_timeout: seconds to wait for a connection.
        timeout: seconds to wait for the whole of a response.
    """

    # Which fields are needed depends on the declaration.
    payload = ()
    route_options = ("feed", "to", "verb")

    _location: str | None = None
    """Region of Stream's hosted service, for clients that have one."""

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
        connect_timeout: float = 3.05,
        timeout: float = 10.0,
    ) -> None:
        super().__init__(alias=alias)
        if isinstance(to, str):
            raise TypeError(f"to is a string; did you mean [{to!r}]?")
        self._mapping = MessageMapping(alias=alias, feed=feed, to=to, activity=activity)
        self._page_url = page_url
        self._api_key = api_key
        self._api_secret = api_secret
        self._base_url = base_url
        self._timeouts = (float(connect_timeout), float(timeout))

    @property
    def mapping(self) -> MessageMapping:
        """What OPTIONS say about the effects of messages."""
        return self._mapping

    def publish(self, message: Message) -> Receipt:
        """Carry out the effects of a message. Stream replaces what it has by itself."""
        (outcome,) = self._outcomes([message])
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def publish_many(self, messages: Sequence[Message]) -> Iterator[Receipt | BaseException]:
        """Carry out the effects of messages with as few calls as possible; yield each outcome."""
        if type(self).publish is not FeedsPublisher.publish:  # a subclass wants to see each one
            return super().publish_many(messages)
        return self._outcomes(messages)

    @abstractmethod
    def _outcomes(self, messages: Sequence[Message]) -> Iterator[Receipt | BaseException]:
        """Carry out the effects of messages, in order; yield the outcome of each."""

    @abstractmethod
    def existing_groups(self, groups: Collection[str]) -> set[str]:
        """Return those of these feed groups that exist at the destination; change nothing.

        Raises:
            PublishError: the destination did not say.
        """

    @abstractmethod
    def activity_finder(self) -> ActivityFinder:
        """Return what finds out whether activities are in their feeds."""

    @classmethod
    def recipient(cls, entry: str | Model) -> str:
        """Return the feed of a recipient: of a user, another saved object, or `group:key`.

        Raises:
            ValueError: it names no feed.
        """
        return recipient(entry)

    @classmethod
    def recorded_options(
        cls, options: Mapping[str, Any], context: ActionContext
    ) -> Mapping[str, Any]:
        """Add the text of the object: it may be deleted when the message is sent."""
        return with_object_label(options, context)

    def check_route(self, options: Mapping[str, Any], where: str) -> Iterable[CheckMessage]:
        """Yield an error for each template of the route that no message can fill."""
        yield from checks.check_route(options, where)

    def check(self) -> Iterable[CheckMessage]:
        """Yield an error for each missing or malformed option or declaration."""
        where = f'DJ_ACTIONS["PUBLISHERS"]["{self.alias}"]["OPTIONS"]'
        yield from checks.check_credentials(self._api_key, self._api_secret, where)
        yield from checks.check_address(self._base_url, self._location, where)
        yield from checks.check_timeouts(self._timeouts, where)
        yield from checks.check_feeds("feed", self._mapping.feed, where)
        yield from checks.check_feeds("to", self._mapping.to, where)
        yield from checks.check_page_url(self._page_url, where)
        yield from check_activities(self.alias, self._mapping.activity, where)

    def _receipt(self, feed: FeedId | None, activity_id: str) -> Receipt:
        """Return the receipt of an activity in a feed, with a link to the page that shows it."""
        if feed is None:
            return Receipt(id=activity_id)
        url = self._page_url.format(group=feed.slug, id=feed.id, activity=activity_id)
        is_short = len(url) <= RECEIPT_URL_LENGTH
        return Receipt(id=activity_id, scope=str(feed), url=url if is_short else "")
