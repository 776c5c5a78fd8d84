"""Read the `DJ_ACTIONS_CONSOLE` setting once, and again after it was overridden."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings as django_settings
from django.core.signals import setting_changed

from dj_actions.conf.validation import function, known_values, mapping
from dj_actions.exceptions import InvalidSetting

SETTING = "DJ_ACTIONS_CONSOLE"

MAX_PAGE_SIZE = 200
MAX_POLL_INTERVAL = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSettings:
    """The `DJ_ACTIONS_CONSOLE` setting."""

    access: Callable[..., bool] | None = None
    """Function of a user and a `Verb` that decides whether the user may do that. Without one,
    active staff with the permission may."""

    page_size: int = 50
    """Rows on a page, at most 200."""

    poll_interval: float = 3.0
    """Seconds between two requests of a page that keeps itself up to date; 0 turns that off."""


@functools.cache
def get_console_settings() -> ConsoleSettings:
    """Return the setting.

    Raises:
        InvalidSetting: a key is unknown, or a value is invalid.
    """
    raw = mapping(getattr(django_settings, SETTING, {}), SETTING)
    values = known_values(ConsoleSettings, raw, f"key in {SETTING}:")
    if "access" in values:
        values["access"] = function(values["access"], f'{SETTING}["ACCESS"]')
    settings = ConsoleSettings(**values)
    _require_number(settings.page_size, "PAGE_SIZE", int, 1, MAX_PAGE_SIZE)
    _require_number(settings.poll_interval, "POLL_INTERVAL", (int, float), 0, MAX_POLL_INTERVAL)
    return settings


def _require_number(
    value: object, key: str, kind: type | tuple[type, ...], minimum: int, maximum: int
) -> None:
    is_number = isinstance(value, kind) and not isinstance(value, bool)
    if not (is_number and minimum <= value <= maximum):  # type: ignore[operator]  # a number
        raise InvalidSetting(
            f'{SETTING}["{key}"] must be a number from {minimum} to {maximum:,}, '
            f"not {value!r:.100}."
        )


def _reset_on_change(*, setting: str, **_: object) -> None:
    if setting == SETTING:
        get_console_settings.cache_clear()


setting_changed.connect(_reset_on_change)
