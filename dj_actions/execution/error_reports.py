"""Keep the values of sensitive fields out of Django's error reports, which go out by e-mail.

See https://docs.djangoproject.com/en/stable/howto/error-reporting/#filtering-sensitive-information.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from dj_actions.redaction import is_sensitive

_Result = TypeVar("_Result")


class SensitiveParameters(list[str]):
    """The names of a request's sensitive parameters, whatever spelling the client has sent.

    Args:
        request: the request; it is parsed only if a report is made.
        names: names of sensitive fields, in lower case.
    """

    def __init__(self, request: HttpRequest, names: Collection[str]) -> None:
        super().__init__(names)
        self._request = request
        self._names = names

    def __iter__(self) -> Iterator[str]:
        """Yield the declared names, and those that were sent: `Pin`, `login.pin`, `pin_0`."""
        yield from self._names
        with contextlib.suppress(Exception):  # the report is about another error
            sent = [*self._request.POST, *self._request.FILES]
            yield from (name for name in sent if is_sensitive(name, self._names))


def hide_parameters(request: HttpRequest, names: Collection[str]) -> None:
    """Hide the values of sensitive fields that a form has sent.

    Args:
        request: Django's own request.
        names: names of the fields, in lower case.
    """
    if names:
        request.sensitive_post_parameters = SensitiveParameters(request, names)  # type: ignore[attr-defined]  # read by Django


def hiding_variables(
    function: Callable[..., _Result], names: Collection[str]
) -> Callable[..., _Result]:
    """Return a function whose variables, and those of what it calls, are hidden.

    Args:
        function: the function.
        names: names of sensitive fields; without any, nothing is hidden.
    """
    return sensitive_variables()(function) if names else function
