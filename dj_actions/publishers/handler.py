"""The configured publishers: `publishers["feeds"]` gives this thread's instance."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING

from asgiref.local import Local
from django.core.signals import setting_changed
from django.utils.connection import BaseConnectionHandler
from django.utils.module_loading import import_string

from dj_actions.conf import PublisherSettings, get_settings
from dj_actions.exceptions import InvalidSetting
from dj_actions.publishers.base import BasePublisher
from dj_actions.text import did_you_mean

if TYPE_CHECKING:
    HandlerBase = BaseConnectionHandler[BasePublisher]
else:
    HandlerBase = BaseConnectionHandler


def publisher_class(alias: str, entry: PublisherSettings) -> type[BasePublisher]:
    """Import the class behind an alias.

    Raises:
        InvalidSetting: it cannot be imported, or is no publisher.
    """
    where = f'DJ_ACTIONS["PUBLISHERS"]["{alias}"]["BACKEND"]'
    try:
        found = import_string(entry.backend)
    except ImportError as error:
        raise InvalidSetting(f"{where} cannot be imported: {error}") from error
    if not (isinstance(found, type) and issubclass(found, BasePublisher)):
        raise InvalidSetting(f"{where} is {entry.backend!r}, which is no BasePublisher.")
    return found


class PublisherHandler(HandlerBase):
    """Alias → instance, one per thread, made on first use like Django's CACHES."""

    exception_class = InvalidSetting

    @property
    def settings(self) -> Mapping[str, PublisherSettings]:  # type: ignore[override]  # ours are typed values, read live
        """Alias → the publisher's entry in DJ_ACTIONS."""
        return get_settings().publishers

    def create_connection(self, alias: str) -> BasePublisher:
        """Make the instance for this thread.

        Raises:
            InvalidSetting: the class cannot be imported, or refuses its OPTIONS.
        """
        entry = get_settings().publishers[alias]
        backend = publisher_class(alias, entry)
        _refuse_unknown_options(alias, backend, entry)
        try:
            return backend(alias=alias, **entry.options)
        except BaseException as error:  # also SystemExit: it would end the relay's thread
            raise InvalidSetting(
                f'DJ_ACTIONS["PUBLISHERS"]["{alias}"]["OPTIONS"]: {type(error).__name__}: {error}'
            ) from error

    def reset(self) -> None:
        """Forget all instances; the next access makes new ones."""
        self._connections = Local(self.thread_critical)


def _refuse_unknown_options(
    alias: str, backend: type[BasePublisher], entry: PublisherSettings
) -> None:
    parameters = inspect.signature(backend).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    for name in entry.options:
        if name not in parameters:
            raise InvalidSetting(
                f'Unknown key in DJ_ACTIONS["PUBLISHERS"]["{alias}"]["OPTIONS"]: {name!r}.'
                f"{did_you_mean(name, parameters)}"
            )


publishers = PublisherHandler()


def _forget(*, setting: str, **_: object) -> None:
    """A test has changed the setting: the instances made from the old one are of no use."""
    if setting == "DJ_ACTIONS":
        publishers.reset()


setting_changed.connect(_forget)
