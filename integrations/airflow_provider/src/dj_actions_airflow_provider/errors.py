"""What ends a task: an error that a retry may pass, or one that no retry changes.

AirflowException
 ├ RequestFailed                 no usable answer: the next try may get one
 ├ WaitTimeout                   what a task waits for has not come about yet
 └ AirflowFailException
    ├ InvalidConnection          the Airflow connection is incomplete or wrong
    ├ RequestRefused             the project's answer would be the same for every try
    └ DeliveryFailed             what a task waits for cannot come about any more
"""

from __future__ import annotations

from dj_actions_airflow_provider.airflow_compat import AirflowException, AirflowFailException


class RequestFailed(AirflowException):
    """The request had no usable answer, which may pass: Airflow retries the task."""

    def __init__(self, message: str, *, status: int | None = None, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class RequestRefused(AirflowFailException):
    """The project has refused the request, and would refuse it again: the task fails at once."""

    def __init__(self, message: str, *, status: int | None = None, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class WaitTimeout(AirflowException):
    """What the task waits for has not come about in time; the next try looks again."""


class InvalidConnection(AirflowFailException):
    """The Airflow connection is incomplete or wrong; the message says what to set."""


class DeliveryFailed(AirflowFailException):
    """A delivery was given up, or the run it has started has failed."""
