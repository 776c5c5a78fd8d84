"""Every exception of the package.

DJActionsError
 ├ ActionError                  an action cannot be found, registered or run
 │  ├ ActionNotFound
 │  ├ ActionAlreadyRegistered
 │  ├ InvalidAction
 │  └ OutsideTransaction
 ├ PublishError                 what a publisher raises; the type says what the relay does
 │  ├ PublisherUnavailable      again
 │  │  └ DestinationNotFound    again, slowly, and only a few times
 │  ├ RateLimited               later, not counted as an attempt
 │  ├ PublishRejected           never
 │  └ PublisherMisconfigured    not until someone mends it: the whole lane waits
 ├ InvalidSetting               also a Django ImproperlyConfigured
 └ RelayAlreadyRunning          SQLite allows one relay only
"""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured


class DJActionsError(Exception):
    """Base of all exceptions of DJ Actions."""


class ActionError(DJActionsError):
    """An action cannot be found, registered or run."""


class ActionNotFound(ActionError):
    """No action of that name is registered for that resource."""


class ActionAlreadyRegistered(ActionError):
    """Two actions claim the same resource and name."""


class InvalidAction(ActionError):
    """The class of an action is incomplete or contradicts itself."""


class OutsideTransaction(ActionError):
    """A record was to be written outside the transaction of the change it describes."""


class PublishError(DJActionsError):
    """A message did not reach its destination; the subclass says what to do about it."""


class PublisherUnavailable(PublishError):
    """The destination cannot be reached or is in trouble: try again."""


class DestinationNotFound(PublisherUnavailable):
    """The destination is up, but lacks the DAG or feed: a deploy may be under way."""


class RateLimited(PublishError):
    """The destination asks for patience: try later, and do not count this attempt.

    Args:
        retry_after: seconds the destination wants us to wait, or None if it did not say.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PublishRejected(PublishError):
    """The destination will never take this message: give it up, for someone to look at."""


class PublisherMisconfigured(PublishError):
    """The publisher's own configuration is wrong: no message is to blame.

    The lane of this publisher waits; no attempt is counted and nothing is given up.
    """


class InvalidSetting(DJActionsError, ImproperlyConfigured):
    """A value in the DJ_ACTIONS setting cannot be used."""


class RelayAlreadyRunning(DJActionsError):
    """Another relay already serves this SQLite database."""


def text_of(error: BaseException) -> str:
    """Return what an error says; its name, if it says nothing or cannot even be asked."""
    try:
        return str(error) or type(error).__name__
    except Exception:  # noqa: BLE001 - a message that cannot be read must not end a relay's thread
        return type(error).__name__
