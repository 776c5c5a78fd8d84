"""The DJ_ACTIONS setting as typed values: read once, checked, honouring override_settings."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from django.conf import settings as django_settings
from django.core.signals import setting_changed

from dj_actions.exceptions import InvalidSetting
from dj_actions.policies import OnPoison, Ordering, RetryPolicy
from dj_actions.text import did_you_mean

POSITIVE = (
    *("lease", "poll_interval", "track_interval", "stop_timeout"),
    *("max_body_bytes", "max_stored_bytes", "ttl_minutes"),
)
"""Settings that are numbers above zero."""

MOST = dict.fromkeys(("lease", "poll_interval", "track_interval", "stop_timeout"), 31_536_000)
"""The largest numbers that are taken: a year of seconds, long before a clock overflows."""

MOST_PER_SECOND, LEAST_PER_SECOND = 1_000_000, 1 / 86_400
"""The largest and the smallest RATE_LIMIT: one a day."""

LARGEST_BATCH = 10_000
MOST_LANES = 100
"""The largest BATCH_SIZE and CONCURRENCY."""

ALIAS_LENGTH = 64
"""Longest alias of a publisher: it is stored with each delivery."""


OLD_SETTINGS = {
    "DJACTION_TRACK_ACTIONS": "TRACK_ACTIONS",
    "DJACTION_TTL_MINUTES": "TTL_MINUTES",
}
"""Settings of dj-actions 0.0.7 that are still read, and where they belong now."""


_Choice = TypeVar("_Choice", bound=StrEnum)


class RecordFailures(StrEnum):
    """Which failed actions leave a record."""

    ALL = "all"
    SERVER = "server"
    """Only faults of the server: status codes from 500 on."""
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherSettings:
    """One entry of DJ_ACTIONS["PUBLISHERS"]."""

    backend: str
    """Dotted path of the publisher's class."""

    options: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments of its constructor."""

    routes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Pattern such as `todo.*` → options for the messages it matches; the first match counts."""

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    """When to try again and when to give up."""

    batch_size: int = 50
    """How many deliveries one relay claims at once."""

    ordering: Ordering = Ordering.NONE
    """Whether deliveries of one object, or one key, arrive as they were committed."""

    on_poison: OnPoison = OnPoison.PARK
    """What a dead letter does to the later deliveries of its line; see `ordering`."""

    rate_limit: float | None = None
    """Most messages per second, all relays together; None for as many as there are."""

    concurrency: int = 1
    """How many lanes of one relay serve it at a time."""

    def route(self, label: str) -> Mapping[str, Any] | None:
        """Return the options of the first route that matches `resource.action`, or None."""
        for pattern, options in self.routes.items():
            if fnmatchcase(label, pattern):
                return options
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The DJ_ACTIONS setting."""

    publishers: Mapping[str, PublisherSettings] = field(default_factory=dict)
    """Alias → publisher, like CACHES."""

    max_body_bytes: int = 1_048_576
    """Largest request body an action accepts; a larger one is answered with 413."""

    max_stored_bytes: int = 1_048_576
    """Largest input, result and extra data that is stored, each; of a larger one, its size."""

    sensitive_fields: tuple[str, ...] = ()
    """Names of fields that no action's record may hold, beside those each action declares."""

    record_failures: RecordFailures = RecordFailures.ALL
    """Which actions that were refused or crashed leave a record."""

    track_actions: bool = True
    """Whether events are kept that no publisher, no other event and no repetition needs."""

    ttl_minutes: float = 60 * 24
    """Age in minutes from which `archive_actions` puts events away."""

    lease: float = 60.0
    """Seconds a relay may keep a claimed delivery without renewing its lease."""

    poll_interval: float = 1.0
    """Seconds an idle relay waits before it looks again; longer while it is told of new work."""

    notify: bool = True
    """Whether an action that has committed wakes idle relays; where not, they only poll."""

    track_interval: float = 5.0
    """Shortest time in seconds between two questions about one remote run."""

    stop_timeout: float = 30.0
    """Seconds a stopping relay grants to what is in flight."""

    def publishers_for(self, label: str, chosen: Sequence[str] | None) -> tuple[str, ...]:
        """Return the aliases an action's event goes to.

        Args:
            label: `resource.action`.
            chosen: the action's own `publish`; None lets the routes decide.
        """
        if chosen is None:
            return tuple(
                alias for alias, entry in self.publishers.items() if entry.route(label) is not None
            )
        for alias in chosen:
            if alias not in self.publishers:
                raise InvalidSetting(
                    f"Action {label} publishes to {alias!r}, which DJ_ACTIONS['PUBLISHERS'] "
                    f"lacks.{did_you_mean(alias, self.publishers)}"
                )
        return tuple(chosen)

    def require_publisher(self, alias: str) -> PublisherSettings:
        """Return the settings of a publisher.

        Raises:
            InvalidSetting: no publisher with this alias is configured.
        """
        if alias not in self.publishers:
            raise InvalidSetting(
                f"There is no publisher {alias!r} in DJ_ACTIONS['PUBLISHERS']."
                f"{did_you_mean(alias, self.publishers)}"
            )
        return self.publishers[alias]

    def route_options(self, alias: str, label: str) -> Mapping[str, Any]:
        """Return the options of the route that serves this action at this publisher."""
        entry = self.publishers.get(alias)
        return (entry.route(label) if entry else None) or {}


@functools.cache
def get_settings() -> Settings:
    """Return the current DJ_ACTIONS setting.

    Raises:
        InvalidSetting: a key is unknown or a value cannot be used.
    """
    raw = _mapping(getattr(django_settings, "DJ_ACTIONS", {}), "DJ_ACTIONS")
    own = _known_values(Settings, raw, "DJ_ACTIONS setting")
    values = _old_values(own) | own
    publishers = _mapping(values.get("publishers", {}), 'DJ_ACTIONS["PUBLISHERS"]')
    values["publishers"] = {alias: _publisher(alias, entry) for alias, entry in publishers.items()}
    values["sensitive_fields"] = _names(values.get("sensitive_fields", ()), "SENSITIVE_FIELDS")
    values["record_failures"] = _one_of(
        RecordFailures, values.get("record_failures", "all"), 'DJ_ACTIONS["RECORD_FAILURES"]'
    )
    settings = Settings(**values)
    for name in POSITIVE:
        where = f'DJ_ACTIONS["{name.upper()}"]'
        _require_positive(getattr(settings, name), where, most=MOST.get(name, math.inf))
    for name in ("track_actions", "notify"):
        _require_truth(getattr(settings, name), f'DJ_ACTIONS["{name.upper()}"]')
    return settings


def _old_values(own: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is set the way of dj-actions 0.0.7, and not by our own settings."""
    values = {}
    for old, new in OLD_SETTINGS.items():
        if hasattr(django_settings, old) and new.lower() not in own:
            values[new.lower()] = value = getattr(django_settings, old)
            if new == "TRACK_ACTIONS":
                _require_truth(value, old)
            else:
                _require_positive(value, old)
    return values


def _names(value: object, key: str) -> tuple[str, ...]:
    if isinstance(value, (list, tuple, set, frozenset)) and all(
        isinstance(entry, str) for entry in value
    ):
        return tuple(entry.lower() for entry in value)
    raise InvalidSetting(f'DJ_ACTIONS["{key}"] must be a list of names, not {_kind(value)}.')


def _one_of(kind: type[_Choice], value: object, where: str) -> _Choice:
    try:
        return kind(str(value))
    except ValueError:
        known = ", ".join(repr(entry.value) for entry in kind)
        raise InvalidSetting(f"{where} must be one of {known}, not {value!r}.") from None


def _publisher(alias: str, entry: object) -> PublisherSettings:
    where = f'DJ_ACTIONS["PUBLISHERS"]["{alias}"]'
    values = _known_values(PublisherSettings, _mapping(entry, where), f"key in {where}:")
    if not isinstance(values.get("backend"), str):
        raise InvalidSetting(
            f"{where} needs a BACKEND, the dotted path of a publisher class, "
            'for example "dj_actions.publishers.console.ConsolePublisher".'
        )
    if not 0 < len(alias) <= ALIAS_LENGTH:
        raise InvalidSetting(f"{where}: an alias has between 1 and {ALIAS_LENGTH} characters.")
    values["options"] = _mapping(values.get("options", {}), f'{where}["OPTIONS"]')
    values["routes"] = _routes(values.get("routes", {}), f'{where}["ROUTES"]')
    values["retry"] = _retry(values.get("retry", {}), f'{where}["RETRY"]')
    for name, kind in (("ordering", Ordering), ("on_poison", OnPoison)):
        if name in values:
            values[name] = _one_of(kind, values[name], f'{where}["{name.upper()}"]')
    settings = PublisherSettings(**values)
    if settings.rate_limit is not None:
        _require_rate(settings.rate_limit, f'{where}["RATE_LIMIT"]')
    _require_count(settings.concurrency, f'{where}["CONCURRENCY"]', most=MOST_LANES)
    _require_count(settings.batch_size, f'{where}["BATCH_SIZE"]', most=LARGEST_BATCH)
    return settings


def _routes(routes: object, where: str) -> Mapping[str, Mapping[str, Any]]:
    """Accept a list of patterns, or a mapping of pattern → options."""
    if isinstance(routes, (list, tuple)) and all(isinstance(entry, str) for entry in routes):
        routes = {pattern: {} for pattern in routes}
    return {
        pattern: _mapping(options, f'{where}["{pattern}"]')
        for pattern, options in _mapping(routes, where).items()
    }


def _retry(retry: object, where: str) -> RetryPolicy:
    if isinstance(retry, RetryPolicy):
        return retry
    values = _known_values(RetryPolicy, _mapping(retry, where), f"key in {where}:", case=str.lower)
    return RetryPolicy(**values)


def _known_values(
    kind: type[Any], raw: Mapping[str, Any], what: str, *, case: Any = str.upper
) -> dict[str, Any]:
    """Turn the keys of a setting into the field names of its dataclass."""
    known = {case(entry.name): entry.name for entry in fields(kind)}
    for key in raw:
        if key not in known:
            raise InvalidSetting(f"Unknown {what} {key!r}.{did_you_mean(key, known)}")
    return {known[key]: value for key, value in raw.items()}


def _mapping(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InvalidSetting(f"{where} must be a dict with names as keys, not {_kind(value)}.")
    return value


def _kind(value: object) -> str:
    """Describe a wrong value without showing it: it may hold secrets."""
    if isinstance(value, Mapping):
        return "a dict with other keys"
    return f"a value of type {type(value).__name__}"


def _require_truth(value: object, where: str) -> None:
    if not isinstance(value, bool):
        raise InvalidSetting(f"{where} must be True or False, not {value!r}.")


def _require_positive(value: object, where: str, *, most: float = math.inf) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise InvalidSetting(f"{where} must be a number above zero, not {value!r}.")
    if value > most:
        raise InvalidSetting(f"{where} must be at most {most:,}, not {value!r}.")


def _require_count(value: object, where: str, *, most: int) -> None:
    if not isinstance(value, int):
        raise InvalidSetting(f"{where} must be a whole number.")
    _require_positive(value, where, most=most)


def _require_rate(value: float, where: str) -> None:
    _require_positive(value, where, most=MOST_PER_SECOND)
    if value < LEAST_PER_SECOND:
        raise InvalidSetting(f"{where} must be at least one a day, 1 / 86400, not {value!r}.")


def _forget(*, setting: str, **_: object) -> None:
    if setting == "DJ_ACTIONS" or setting in OLD_SETTINGS:
        get_settings.cache_clear()


setting_changed.connect(_forget)
