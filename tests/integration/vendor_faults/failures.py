"""Let something fail, and look at how it says so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dj_actions.exceptions import PublishError


def failure_of(work: Callable[[], object]) -> PublishError:
    """Return the error that the work ends with."""
    with pytest.raises(PublishError) as caught:
        work()
    return caught.value


def words_of(error: BaseException) -> str:
    """Return all that a log with a traceback would say of an error."""
    words = [f"{error} {error!r}"]
    for reason in (error.__cause__, error.__context__):
        if reason is not None:
            words.append(words_of(reason))
    return "\n".join(words)
