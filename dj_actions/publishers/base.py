"""The base class of all publishers: one method to implement, and others to override."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.core.checks import CheckMessage
from django.db.models import Model

from dj_actions.conf.publisher import MAX_CONCURRENCY
from dj_actions.messages import CurrentResult, Message, Receipt, RemoteRun

if TYPE_CHECKING:
    from dj_actions.context import ActionContext
    from dj_actions.publishers.operations import DeliveryOperation

PAYLOAD_FIELDS = ("data", "result", "extra")
"""Fields of a message whose values are stored up to MAX_STORED_BYTES."""


class BasePublisher(ABC):
    """A publisher: it sends messages to one destination.

    A subclass implements `publish`. OPTIONS of its entry in DJ_ACTIONS["PUBLISHERS"] are passed
    to its constructor as keyword arguments. An instance belongs to one thread: it is created when
    that thread first needs it, and needs no locks. All methods are called outside of database
    transactions. A relay is blocked while a method runs, and keeps in memory what it reads: bound
    the time and the size of every response, see `dj_actions.publishers.bounded`.

    Args:
        alias: the publisher's key in DJ_ACTIONS["PUBLISHERS"].
    """

    supports_tracking: ClassVar[bool] = False
    """Can the state of a remote run be read later, with `track`?"""

    supports_lookup: ClassVar[bool] = False
    """Can what became of a delivered message be read at the destination, with `look_up`?"""

    payload: ClassVar[Collection[str]] = PAYLOAD_FIELDS
    """Which of these fields of a message it always sends. A message is rejected if one of them was
    too large to be stored; the others are empty then, and `message.unstored` has their sizes. If
    it depends on the message, use `require_stored`."""

    min_batch_size: ClassVar[int] = 1
    """How many messages `publish_many` gets at least, while so many are due. A relay hands over
    fewer messages at a time when they take long, which is of no use if one request takes many."""

    default_concurrency: ClassVar[int] = 1
    """How many lanes of a relay serve it, unless CONCURRENCY of its entry says so. More are of use
    if the destination serves several requests at the same time."""

    route_options: ClassVar[Collection[str]] = ()
    """Names of the options that its routes may set; a message has them in `message.options`."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Check `payload` and `default_concurrency`.

        Raises:
            TypeError: `payload` contains something else than the three fields, or
                `default_concurrency` is not a number of lanes.
        """
        super().__init_subclass__(**kwargs)
        for name in cls.payload:
            if name not in PAYLOAD_FIELDS:
                raise TypeError(
                    f"{cls.__qualname__}.payload contains {name!r}. "
                    f"Its names can be: {', '.join(PAYLOAD_FIELDS)}."
                )
        lanes: object = cls.default_concurrency
        if not isinstance(lanes, int) or not 1 <= lanes <= MAX_CONCURRENCY:
            raise TypeError(
                f"{cls.__qualname__}.default_concurrency is {lanes!r}. It can be an integer from "
                f"1 to {MAX_CONCURRENCY}."
            )

    def __init__(self, *, alias: str) -> None:
        self.alias = alias

    @abstractmethod
    def publish(self, message: Message) -> Receipt:
        """Send a message, and return the destination's confirmation.

        It has to be idempotent: after a crash or a timeout, a message is published again, with
        the same `message.id`. Pass that id to the destination as its idempotency key.

        The exception decides what the relay does; any other one counts as a failed attempt.

        Raises:
            PublisherUnavailable: the destination failed; retry. After some of them in a row, the
                circuit breaker opens.
            DestinationNotFound: the destination has no such DAG or feed; retry a few times, slowly.
            RateLimited: too many messages; retry after `retry_after` seconds, without counting
                the attempt.
            PublishRejected: the destination will never accept this message; do not retry.
            PublisherMisconfigured: the address or the credentials are wrong; send nothing until
                one message succeeds, without counting the attempt. Django's ImproperlyConfigured
                counts as this, too.
        """

    def publish_many(self, messages: Sequence[Message]) -> Iterator[Receipt | BaseException]:
        """Send messages in order, and yield a receipt or an exception for each.

        Override it if the destination accepts several messages at once. Yield each outcome as
        soon as it is known: the relay settles it, and may stop before the next message is sent.
        """
        for message in messages:
            yield self._outcome_of(message)

    def _outcome_of(self, message: Message) -> Receipt | BaseException:
        try:
            return self.publish(message)
        except BaseException as error:  # noqa: BLE001 - one message must not affect the others
            return error

    @classmethod
    def recipient(cls, entry: str | Model) -> str | None:  # noqa: ARG003 - for subclasses
        """Return how to record a recipient that an action has emitted.

        It is called while the action runs, in its transaction, so that an action cannot emit what
        the publisher is unable to address. `message.recipients` has the result.

        Args:
            entry: what the action has passed to `emit`: a string or a saved object.

        Returns:
            Text for the destination; None if this publisher has nothing to say about recipients.

        Raises:
            ValueError: it is not a recipient of this publisher. The action fails.
        """
        return None

    @classmethod
    def recorded_options(
        cls,
        options: Mapping[str, Any],
        context: ActionContext,  # noqa: ARG003 - for subclasses
    ) -> Mapping[str, Any]:
        """Return the options to record with a delivery; `message.options` has them.

        It is called while the action runs, in its transaction. Override it to add what is known
        only then, for example the text of the object.

        Args:
            options: the options of the route.
            context: the context of the action, after it was performed.
        """
        return options

    def track(self, receipts: Sequence[Receipt]) -> Sequence[RemoteRun]:
        """Return the current state of remote runs: one for each receipt, in the same order.

        It is called with several receipts, so that it can use few requests.

        Raises:
            PublishError: the destination failed; it is called again later.
        """
        raise NotImplementedError(f"{type(self).__name__} does not support tracking.")

    def changed_since(self, since: datetime) -> Collection[str] | None:  # noqa: ARG002 - for subclasses
        """Return the events whose remote runs have changed at the destination since a time.

        Override it if the destination can list them, and if what has ended there can run again,
        be marked or be deleted. One such call replaces the requests for each running run, and ends
        are recorded soon whatever their number. `track` then reads the states of these runs; the
        states of others are read only now and then.

        Args:
            since: a time in UTC, by the clock of our database; some time before the last call, so
                that no change is missed if the clocks differ.

        Returns:
            Ids of events (`message.id`, as strings), or a mapping from them to all runs of the
            event that have changed (RemoteRun): then only those that differ from our record are
            read. None if the destination cannot list them; then each run is tracked by itself.

        Raises:
            PublishError: the destination failed; it is called again later.
        """
        return None

    def look_up(
        self, message: Message, receipt: Receipt, seconds: float
    ) -> Iterable[CurrentResult]:
        """Return what the destination has now of a message: one result for each place.

        The console calls it while a person waits for the page. It must not change anything at the
        destination.

        Args:
            message: as it was published.
            receipt: what the destination confirmed then.
            seconds: how long all of it may take.

        Raises:
            PublishError: the destination did not respond in time, or responded with an error.
        """
        raise NotImplementedError(f"{type(self).__name__} does not support lookups.")

    def check(self) -> Iterable[CheckMessage]:
        """Return the errors in the configuration, for Django's system checks; use no network."""
        return ()

    def check_route(self, options: Mapping[str, Any], where: str) -> Iterable[CheckMessage]:  # noqa: ARG002 - for subclasses
        """Return the errors in the options of a route, for Django's system checks.

        It is called for each route, and for each action that names the publisher itself but has
        no route. Options that are not in `route_options` are reported without it.

        Args:
            options: the options of the route; empty without a route.
            where: the route or the action, to start a message with.
        """
        return ()

    def check_deployed(self) -> Iterable[CheckMessage]:
        """Return what is wrong at the destination, for `check --deploy` and the doctor.

        For example that what the routes name does not exist there, or that the credentials lack a
        permission. It may use the network, and must not change anything at the destination.

        Raises:
            PublishError: the destination did not respond, or responded with an error.
        """
        return ()

    def refusal(self, message: Message) -> str:  # noqa: ARG002 - for subclasses
        """Return why the message would not be accepted, for a dry run; nothing is sent.

        It may use the network, for example to fetch a schema. It is called outside of
        transactions, in the process that runs the action.

        Returns:
            A sentence; an empty string if the message would be accepted, or if that is not known.
        """
        return ""

    def problems_of(self, action: str) -> Sequence[str]:  # noqa: ARG002 - for subclasses
        """Return what is wrong for all messages of an action, whatever their content.

        The console shows it on the page of the action. It may use the network, on a thread of its
        own, and must not change anything at the destination. What it returns is shown for half a
        minute.

        Args:
            action: for example `todo.mark_done`.

        Returns:
            A sentence for each problem; none if nothing is known against the action.

        Raises:
            PublishError: the destination did not respond, or responded with an error.
        """
        return ()

    def check_reachable(self) -> bool:
        """Check that the destination responds and accepts the credentials.

        `manage.py dj_actions_doctor` calls it. It must not change anything at the destination.

        Returns:
            True if it does; False if the publisher has no such check.

        Raises:
            PublishError: the destination did not respond, or responded with an error.
        """
        return False

    @classmethod
    def delivery_operations(cls) -> Sequence[DeliveryOperation]:
        """Return the operations on its deliveries that the admin offers, for example a rerun."""
        return ()

    def prepare(self) -> None:
        """Load slow imports; a relay calls it once, before the first message."""

    def close(self) -> None:
        """Close connections; the instance may be used again afterwards."""
