"""All exceptions of DJ Actions.

DJActionsError
 ├ ActionError                  an action cannot be found, registered or run
 │  ├ ActionNotFound
 │  ├ ActionAlreadyRegistered
 │  ├ InvalidAction
 │  ├ OutsideTransaction
 │  └ ChainTooLong              also a DRF APIException: actions start each other without end
 ├ PublishError                 raised by a publisher; its type decides what the relay does
 │  ├ PublisherUnavailable      retry
 │  │  └ DestinationNotFound    retry a few times, slowly
 │  ├ RateLimited               retry later, without counting an attempt
 │  ├ PublishRejected           give up: a dead letter
 │  └ PublisherMisconfigured    stop the lane until the configuration is fixed, count no attempt
 ├ InvalidSetting               also a Django ImproperlyConfigured
 └ RelayAlreadyRunning          SQLite allows a single relay
"""

from __future__ import annotations

import re
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from rest_framework.exceptions import APIException

__all__ = [
    "ActionAlreadyRegistered",
    "ActionError",
    "ActionNotFound",
    "ChainTooLong",
    "DJActionsError",
    "DestinationNotFound",
    "InvalidAction",
    "InvalidSetting",
    "OutsideTransaction",
    "PublishError",
    "PublishRejected",
    "PublisherMisconfigured",
    "PublisherUnavailable",
    "RateLimited",
    "RelayAlreadyRunning",
]


class DJActionsError(Exception):
    """Base class of all exceptions of DJ Actions."""


class ActionError(DJActionsError):
    """An action cannot be found, registered or run."""


class ActionNotFound(ActionError):
    """No action with this name is registered for the resource."""


class ActionAlreadyRegistered(ActionError):
    """Another action is registered with the same resource and name."""


class InvalidAction(ActionError):
    """The declaration of an action is incomplete or inconsistent."""


class OutsideTransaction(ActionError):
    """A record was about to be written outside the transaction of the change it describes."""


class ChainTooLong(ActionError, APIException):
    """The chain of actions that led to this one is longer than `MAX_CHAIN_DEPTH`: perhaps a loop.

    Over HTTP, the status is 409 and the code `chain_too_long`.

    Args:
        message: which actions repeat, and what to do.
        root: id of the first event of the chain.
    """

    status_code = 409
    default_code = "chain_too_long"

    def __init__(self, message: str, *, root: UUID | None = None) -> None:
        APIException.__init__(self, message)
        self.root = root


class PublishError(DJActionsError):
    """A message did not reach its destination; the subclass decides how the relay handles it.

    Args:
        status: HTTP status of the response, if there was one: shown with the attempt.
    """

    was_sent = True
    """Whether the message was sent. If not, the error says nothing about the destination, and the
    circuit breaker stays as it is."""

    status: int | None = None
    """HTTP status of the response; None if there was none, or if it is not known."""

    def __init__(self, *args: object, status: int | None = None) -> None:
        super().__init__(*args)
        self.status = status


class PublisherUnavailable(PublishError):
    """The destination cannot be reached or reports an error: the relay retries the delivery.

    Args:
        retry_after: seconds for which the destination says that it is unavailable; None if it does
            not say so. The relay sends nothing to it until then.
        status: as for every `PublishError`.
    """

    def __init__(
        self, *args: object, retry_after: float | None = None, status: int | None = None
    ) -> None:
        super().__init__(*args, status=status)
        self.retry_after = retry_after


class DestinationNotFound(PublisherUnavailable):
    """The DAG or feed does not exist, perhaps not yet: the relay retries a few times, slowly."""


class RateLimited(PublishError):
    """The destination is rate limiting: the relay retries later and does not count the attempt.

    Args:
        retry_after: seconds that the destination requests, or None if it does not say.
        status: as for every `PublishError`.
    """

    def __init__(
        self, message: str, *, retry_after: float | None = None, status: int | None = None
    ) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


class PublishRejected(PublishError):
    """The destination will never accept this message: the delivery becomes a dead letter."""


class PublisherMisconfigured(PublishError):
    """The publisher's configuration is wrong: its lane waits, and no attempt is counted."""


class InvalidSetting(DJActionsError, ImproperlyConfigured):
    """A value in the `DJ_ACTIONS` setting is invalid."""


class RelayAlreadyRunning(DJActionsError):
    """Another relay already serves this SQLite database."""


HIDDEN = "[redacted]"

SECRETS_IN_TEXTS = (
    # User and password of a URL; a password that is not quoted may contain slashes.
    re.compile(r"(?<=://)[^\s/?#'\"<>]*(?=@)"),
    re.compile(r"(?<=://)[^\s/?#'\"<>:@]+:(?!\d{1,5}(?![^\s/?#'\"<>]))[^\s'\"<>]*(?=@)"),
    # Parameters of a URL: api_key, access_token, signature …
    re.compile(
        r"(?<=[?&;])(?P<name>"
        r"(?:[\w.-]*(?:key|token|secret|passw\w*|pwd|signature|credentials?)|sig|auth)=)"
        r"[^\s&#'\"<>]*",
        re.IGNORECASE,
    ),
    # Headers that a client quotes when it rejects them.
    re.compile(r"\b(?:Basic|Bearer)\s+(?=[^\s'\"]*[\d.=_-])[\w.~+/=-]+", re.IGNORECASE),
)

MAX_MESSAGE_LENGTH = 10_000
"""Characters of an error message that are read at most."""


def without_secrets(text: str) -> str:
    """Return a string without the credentials that URLs and headers in it contain.

    Clients put the URL of a request, and that of a proxy, into their errors. These are logged,
    stored and shown to operators.
    """
    text = text[:MAX_MESSAGE_LENGTH]
    for pattern in SECRETS_IN_TEXTS:
        text = pattern.sub(_hide, text)
    return text


def _hide(found: re.Match[str]) -> str:
    return f"{found.groupdict().get('name', '')}{HIDDEN}"


def error_message(error: BaseException) -> str:
    """Return the message of an error, or its class name if the message is empty or unreadable.

    Credentials in it are replaced.
    """
    try:
        return without_secrets(str(error)) or type(error).__name__
    except Exception:  # noqa: BLE001 - an unreadable message must not end a relay's thread
        return type(error).__name__
