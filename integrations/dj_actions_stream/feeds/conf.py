"""Read the `DJ_ACTIONS_FEEDS` setting once, and again after it was overridden."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from django.conf import settings as django_settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from dj_actions.exceptions import InvalidSetting
from dj_actions_stream.feed_ids import SLUG

SETTING = "DJ_ACTIONS_FEEDS"

RULES = "dj_actions_stream.feeds.rules"

DEFAULT_GROUPS: Mapping[str, str] = {
    "user": f"{RULES}.authenticated",
    "timeline": f"{RULES}.owner",
    "timeline_aggregated": f"{RULES}.owner",
    "notification": f"{RULES}.owner",
}
"""Feed group → rule, for the groups that the setting does not name. All others are refused."""

MAX_PAGE_SIZE = 100
MAX_TOKEN_LIFETIME = 366 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """The `DJ_ACTIONS_FEEDS` setting."""

    publisher: str = ""
    """Alias of the StreamPublisher whose feeds are read; empty if there is only one."""

    groups: Mapping[str, Callable[..., bool]] = field(default_factory=dict)
    """Feed group → the rule that says who may read its feeds."""

    objects: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    """Resource → function of the viewer that returns the queryset of the objects to show."""

    serializers: Mapping[str, Any] = field(default_factory=dict)
    """`<resource>.<verb>` → serializer class of the `details` of an activity in the API."""

    page_size: int = 25
    """Entries on a page, at most 100."""

    token_lifetime: float = 86_400.0
    """Seconds for which a token for a browser is valid."""


@functools.cache
def get_feed_settings() -> FeedSettings:
    """Return the setting.

    Raises:
        InvalidSetting: a key is unknown, or a value is invalid.
    """
    values = _known(getattr(django_settings, SETTING, {}))
    groups = {**DEFAULT_GROUPS, **_mapping(values.get("groups", {}), "GROUPS")}
    objects = _mapping(values.get("objects", {}), "OBJECTS")
    serializers = _mapping(values.get("serializers", {}), "SERIALIZERS")
    resolved = {
        "groups": _rules(groups),
        "objects": _querysets(objects),
        "serializers": _serializers(serializers),
    }
    settings = FeedSettings(**{**values, **resolved})
    _require_text(settings.publisher)
    _require_number(settings.page_size, "PAGE_SIZE", int, MAX_PAGE_SIZE)
    _require_number(settings.token_lifetime, "TOKEN_LIFETIME", (int, float), MAX_TOKEN_LIFETIME)
    return settings


def _known(raw: object) -> dict[str, Any]:
    known = {entry.name.upper(): entry.name for entry in fields(FeedSettings)}
    given = _mapping(raw)
    for key in given:
        if key not in known:
            raise InvalidSetting(
                f"Unknown key in {SETTING}: {key!r}. Known keys: {', '.join(known)}."
            )
    return {known[key]: value for key, value in given.items()}


def _rules(groups: Mapping[str, Any]) -> dict[str, Callable[..., bool]]:
    """Return the rules; None removes the rule of a default group."""
    for name in groups:
        if not SLUG.fullmatch(name):
            raise InvalidSetting(
                f'{SETTING}["GROUPS"] has the key {name!r}; expected the name of a feed group, '
                "with letters, digits and _."
            )
    return {
        name: _function(rule, f'{SETTING}["GROUPS"]["{name}"]')
        for name, rule in groups.items()
        if rule is not None
    }


def _querysets(objects: Mapping[str, Any]) -> dict[str, Callable[..., Any]]:
    return {
        name: _function(function, f'{SETTING}["OBJECTS"]["{name}"]')
        for name, function in objects.items()
    }


def _serializers(serializers: Mapping[str, Any]) -> dict[str, Any]:
    from rest_framework.serializers import BaseSerializer  # noqa: PLC0415 - needs the settings

    classes = {}
    for name, value in serializers.items():
        where = f'{SETTING}["SERIALIZERS"]["{name}"]'
        if "." not in name:
            raise InvalidSetting(f'{where}: expected a key such as "todo.mark_done".')
        found = _imported(value, where)
        if not (isinstance(found, type) and issubclass(found, BaseSerializer)):
            raise InvalidSetting(
                f"{where} is {value!r}; expected a serializer class or its dotted path."
            )
        classes[name] = found
    return classes


def _imported(value: object, where: str) -> object:
    try:
        return import_string(value) if isinstance(value, str) else value
    except ImportError as error:
        raise InvalidSetting(f"{where} cannot be imported: {error}") from error


def _function(value: object, where: str) -> Callable[..., Any]:
    """Return a function that is given itself, or by its dotted path."""
    found = _imported(value, where)
    if not callable(found):
        raise InvalidSetting(f"{where} is {value!r}; expected a function or its dotted path.")
    function: Callable[..., Any] = found
    return function


def _mapping(value: object, key: str = "") -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        where = f'{SETTING}["{key}"]' if key else SETTING
        raise InvalidSetting(f"{where} must be a dict with strings as keys, not {value!r:.100}.")
    return value


def _require_text(publisher: object) -> None:
    if not isinstance(publisher, str):
        raise InvalidSetting(
            f'{SETTING}["PUBLISHER"] must be the alias of a publisher, not {publisher!r:.100}.'
        )


def _require_number(value: object, key: str, kind: type | tuple[type, ...], maximum: int) -> None:
    is_number = isinstance(value, kind) and not isinstance(value, bool)
    if not (is_number and 0 < value <= maximum):  # type: ignore[operator]  # a number by now
        raise InvalidSetting(
            f'{SETTING}["{key}"] must be a number from 1 to {maximum:,}, not {value!r:.100}.'
        )


def _reset_on_change(*, setting: str, **_: object) -> None:
    if setting == SETTING:
        get_feed_settings.cache_clear()


setting_changed.connect(_reset_on_change)
