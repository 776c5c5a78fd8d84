"""Read the `DJ_ACTIONS` setting once, and again after it was overridden."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.conf import settings as django_settings
from django.core.signals import setting_changed

from dj_actions.conf.publisher import PublisherSettings, parse_publisher
from dj_actions.conf.validation import (
    choice,
    known_values,
    lowercase_names,
    mapping,
    require_boolean,
    require_count,
    require_positive,
    require_text,
)
from dj_actions.exceptions import InvalidSetting
from dj_actions.text import MAX_NAME_LENGTH, did_you_mean

YEAR = 31_536_000
"""Seconds; a longer time would overflow a clock."""

DEFAULT_TTL_MINUTES = 60 * 24
"""Age in minutes from which `archive_actions` archives events."""

MAX_VALUES: Mapping[str, float] = {
    **dict.fromkeys(("lease", "poll_interval", "track_interval", "stop_timeout"), YEAR),
    **dict.fromkeys(("max_body_bytes", "max_stored_bytes", "ttl_minutes"), math.inf),
}
"""Settings that are numbers above zero → the largest number."""

LONGEST_CHAIN = 1000
"""Largest MAX_CHAIN_DEPTH."""

BOOLEANS = ("track_actions", "notify")

OLD_SETTINGS = {
    "DJACTION_TRACK_ACTIONS": "TRACK_ACTIONS",
    "DJACTION_TTL_MINUTES": "TTL_MINUTES",
}
"""Settings of dj-actions 0.0.7 that are still read → the key that replaces them."""


class RecordFailures(StrEnum):
    """Which failed actions are recorded."""

    ALL = "all"
    SERVER = "server"
    """Only server errors: status codes from 500."""
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The `DJ_ACTIONS` setting."""

    publishers: Mapping[str, PublisherSettings] = field(default_factory=dict)
    """Alias → publisher, like CACHES."""

    max_body_bytes: int = 1_048_576
    """Maximum size of an action's request body; a larger one is refused with 413."""

    max_stored_bytes: int = 1_048_576
    """Maximum size of a stored input, result and extra data, each; of a larger one, only the size
    is stored."""

    sensitive_fields: tuple[str, ...] = ()
    """Names of fields that are redacted in all records, in addition to those of each action."""

    record_failures: RecordFailures = RecordFailures.ALL
    """Which failed actions are recorded."""

    track_actions: bool = True
    """Whether to keep events that no delivery, child event or idempotency key refers to."""

    ttl_minutes: float = DEFAULT_TTL_MINUTES
    """Age in minutes from which `archive_actions` archives events."""

    max_chain_depth: int = 10
    """Maximum number of events that led to an event, each to the next; an action that would exceed
    it is refused with 409."""

    lease: float = 60.0
    """Seconds for which a relay holds a claimed delivery without renewing its lease."""

    poll_interval: float = 1.0
    """Seconds between two polls of an idle relay; longer while it receives notifications."""

    notify: bool = True
    """Whether a committed action wakes idle relays; if not, they only poll."""

    track_interval: float = 5.0
    """Minimum number of seconds between two requests for the state of a remote run."""

    stop_timeout: float = 30.0
    """Seconds for which a stopping relay waits for the deliveries in flight."""

    environment: str = ""
    """Name of this environment, for example `production`: relays send only what was recorded in
    it, and nothing from a copy of another environment's database. Empty: no guard."""

    def publishers_for(self, label: str, chosen: Sequence[str] | None) -> tuple[str, ...]:
        """Return the aliases of the publishers that receive an action's event.

        Args:
            label: `resource.action`.
            chosen: the action's own `publish`; None lets the routes decide.

        Raises:
            InvalidSetting: the action publishes to a publisher that is not configured.
        """
        if chosen is None:
            return tuple(
                alias for alias, entry in self.publishers.items() if entry.route(label) is not None
            )
        for alias in chosen:
            if alias not in self.publishers:
                raise InvalidSetting(
                    f"Action {label} publishes to {alias!r}, which is not in "
                    f"DJ_ACTIONS['PUBLISHERS'].{did_you_mean(alias, self.publishers)}"
                )
        return tuple(chosen)

    def require_publisher(self, alias: str) -> PublisherSettings:
        """Return the settings of a publisher.

        Raises:
            InvalidSetting: no publisher with this alias is configured.
        """
        if alias not in self.publishers:
            raise InvalidSetting(self.unknown_publisher(alias))
        return self.publishers[alias]

    def unknown_publisher(self, alias: str, *, also: Iterable[str] = ()) -> str:
        """Return the message about an alias that is not configured.

        Args:
            alias: the alias, as a user has written it.
            also: further aliases that are accepted there, of publishers that were removed.
        """
        known = sorted({*self.publishers, *also})
        hint = did_you_mean(alias, known) or (
            f" There are: {', '.join(known)}." if known else " No publisher is configured."
        )
        return f"There is no publisher {alias!r} in DJ_ACTIONS['PUBLISHERS'].{hint}"

    def route_options(self, alias: str, label: str) -> Mapping[str, Any]:
        """Return the options of the publisher's route that matches the action, or an empty dict."""
        entry = self.publishers.get(alias)
        return (entry.route(label) if entry else None) or {}


@functools.cache
def get_settings() -> Settings:
    """Return the current `DJ_ACTIONS` setting.

    Raises:
        InvalidSetting: a key is unknown, or a value is invalid.
    """
    raw = mapping(getattr(django_settings, "DJ_ACTIONS", {}), "DJ_ACTIONS")
    own = known_values(Settings, raw, "DJ_ACTIONS setting")
    values = _old_values(own) | own
    publishers = mapping(values.get("publishers", {}), 'DJ_ACTIONS["PUBLISHERS"]')
    values["publishers"] = {
        alias: parse_publisher(alias, entry) for alias, entry in publishers.items()
    }
    values["sensitive_fields"] = lowercase_names(
        values.get("sensitive_fields", ()), 'DJ_ACTIONS["SENSITIVE_FIELDS"]'
    )
    values["record_failures"] = choice(
        RecordFailures, values.get("record_failures", "all"), 'DJ_ACTIONS["RECORD_FAILURES"]'
    )
    settings = Settings(**values)
    for name, maximum in MAX_VALUES.items():
        where = f'DJ_ACTIONS["{name.upper()}"]'
        require_positive(getattr(settings, name), where, maximum=maximum)
    for name in BOOLEANS:
        require_boolean(getattr(settings, name), f'DJ_ACTIONS["{name.upper()}"]')
    require_count(settings.max_chain_depth, 'DJ_ACTIONS["MAX_CHAIN_DEPTH"]', maximum=LONGEST_CHAIN)
    require_text(settings.environment, 'DJ_ACTIONS["ENVIRONMENT"]', maximum=MAX_NAME_LENGTH)
    return settings


def _old_values(own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of dj-actions 0.0.7 that `DJ_ACTIONS` does not replace."""
    values = {}
    for old, new in OLD_SETTINGS.items():
        if hasattr(django_settings, old) and new.lower() not in own:
            values[new.lower()] = value = getattr(django_settings, old)
            if new == "TRACK_ACTIONS":
                require_boolean(value, old)
            else:
                require_positive(value, old)
    return values


def _reset(*, setting: str, **_: object) -> None:
    if setting == "DJ_ACTIONS" or setting in OLD_SETTINGS:
        get_settings.cache_clear()


setting_changed.connect(_reset)
