"""Let something fail, and look at how it says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dj_actions.exceptions import PublishError

RETRY_AFTER = [
    ("0", 0.0),
    ("7", 7.0),
    ("864000", 864_000.0),
    ("", None),
    ("soon", None),
    ("-5", None),
    ("inf", None),
    ("-inf", None),
    ("nan", None),
    ("9" * 400, None),
    ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
]
"""What a server may say, and the wait that can be read from it."""


def failure_of(work: Callable[[], object]) -> PublishError:
    """Return the error that the work ends with."""
    with pytest.raises(PublishError) as caught:
        work()
    return caught.value


def words_of(error: BaseException) -> str:
    """Return all that a log with a traceback would say of an error."""
    reasons = (error.__cause__, error.__context__)
    return "\n".join([f"{error} {error!r}", *map(words_of, filter(None, reasons))])
