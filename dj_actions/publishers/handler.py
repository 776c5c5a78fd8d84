"""The configured publishers: `publishers["feeds"]` is the instance of the current thread."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING

from asgiref.local import Local
from django.core.signals import setting_changed
from django.utils.connection import BaseConnectionHandler
from django.utils.module_loading import import_string

from dj_actions.conf import PublisherSettings, Settings, get_settings
from dj_actions.declaration.attributes import refuse_misspelled_attributes
from dj_actions.declaration.hooks import require_method
from dj_actions.exceptions import InvalidAction, InvalidSetting, error_message
from dj_actions.publishers.base import BasePublisher
from dj_actions.text import did_you_mean

if TYPE_CHECKING:
    HandlerBase = BaseConnectionHandler[BasePublisher]
else:
    HandlerBase = BaseConnectionHandler


METHODS: Mapping[str, tuple[tuple[str, ...], bool]] = {
    "publish": (("message",), False),
    "publish_many": (("messages",), True),
    "track": (("receipts",), True),
    "changed_since": (("since",), False),
    "look_up": (("message", "receipt", "seconds"), True),
    "check": ((), True),
    "check_route": (("options", "where"), True),
    "check_deployed": ((), True),
    "check_reachable": ((), False),
    "refusal": (("message",), False),
    "problems_of": (("action",), True),
    "recipient": (("entry",), False),
    "recorded_options": (("options", "context"), False),
    "delivery_operations": ((), True),
    "prepare": ((), False),
    "close": ((), False),
}
"""Method → its arguments after `self`, and whether what it returns is iterated over."""

ATTRIBUTES = (
    *("default_concurrency", "min_batch_size", "route_options"),
    *("supports_lookup", "supports_tracking"),
)


def publisher_class(alias: str, entry: PublisherSettings) -> type[BasePublisher]:
    """Import the class of a publisher.

    Raises:
        InvalidSetting: it cannot be imported, is not a subclass of `BasePublisher`, or has a
            method that cannot be called as it will be.
    """
    found = import_publisher(alias, entry)
    try:
        _require_methods(found)
    except InvalidAction as error:
        raise InvalidSetting(f"{_where(alias)}: {found.__qualname__}: {error}") from error
    return found


def supports_tracking(alias: str, settings: Settings) -> bool:
    """Return whether the runs of a publisher can be tracked; no, if it cannot be imported."""
    return _supports(alias, settings, "supports_tracking")


def supports_lookup(alias: str, settings: Settings) -> bool:
    """Return whether a publisher can read what it has delivered; no, if it cannot be imported."""
    return _supports(alias, settings, "supports_lookup")


def _supports(alias: str, settings: Settings, capability: str) -> bool:
    entry = settings.publishers.get(alias)
    try:
        return entry is not None and bool(getattr(publisher_class(alias, entry), capability))
    except InvalidSetting:
        return False


def import_publisher(alias: str, entry: PublisherSettings) -> type[BasePublisher]:
    """Import the class of a publisher, and check nothing else.

    Raises:
        InvalidSetting: it cannot be imported, or is not a subclass of `BasePublisher`.
    """
    try:
        found = import_string(entry.backend)
    except ImportError as error:
        raise InvalidSetting(f"{_where(alias)} cannot be imported: {error}") from error
    if not (isinstance(found, type) and issubclass(found, BasePublisher)):
        raise InvalidSetting(f"{_where(alias)} is {entry.backend!r}, which is not a BasePublisher.")
    return found


def _where(alias: str) -> str:
    return f'DJ_ACTIONS["PUBLISHERS"]["{alias}"]["BACKEND"]'


def _require_methods(publisher: type[BasePublisher]) -> None:
    """Refuse a class with a method that cannot be called, or a misspelled attribute."""
    for name, (arguments, is_iterated) in METHODS.items():
        require_method(publisher, name, arguments, may_be_generator=is_iterated)
    refuse_misspelled_attributes(publisher, ATTRIBUTES)


class PublisherHandler(HandlerBase):
    """Alias → publisher: one instance per thread, created on first use, as Django's caches are."""

    exception_class = InvalidSetting

    @property
    def settings(self) -> Mapping[str, PublisherSettings]:  # type: ignore[override]  # typed values
        """Alias → the current settings of a publisher."""
        return get_settings().publishers

    def __getitem__(self, alias: str) -> BasePublisher:
        """Return the instance of the current thread.

        Raises:
            InvalidSetting: no publisher with this alias is configured, its class cannot be
                imported, or its constructor does not accept its OPTIONS.
        """
        get_settings().require_publisher(alias)
        return super().__getitem__(alias)

    def create_connection(self, alias: str) -> BasePublisher:
        """Create the instance of the current thread."""
        entry = get_settings().require_publisher(alias)
        backend = publisher_class(alias, entry)
        _reject_unknown_options(alias, backend, entry)
        try:
            return backend(alias=alias, **entry.options)
        except BaseException as error:  # also SystemExit, which would end a thread of the relay
            raise InvalidSetting(
                f'DJ_ACTIONS["PUBLISHERS"]["{alias}"]["OPTIONS"]: {type(error).__name__}: '
                f"{error_message(error)}"
            ) from error

    def reset(self) -> None:
        """Discard all instances; the next access creates new ones."""
        self._connections = Local(self.thread_critical)


def _reject_unknown_options(
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


def _reset_on_change(*, setting: str, **_: object) -> None:
    """Discard the instances that were created from the old setting, when a test changes it."""
    if setting == "DJ_ACTIONS":
        publishers.reset()


setting_changed.connect(_reset_on_change)
