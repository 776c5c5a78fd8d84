"""One entry of `DJ_ACTIONS["PUBLISHERS"]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from dj_actions.conf.validation import (
    choice,
    kind_of,
    known_values,
    mapping,
    require_count,
    require_positive,
)
from dj_actions.exceptions import InvalidSetting
from dj_actions.policies import OnPoison, Ordering, RetryPolicy

MAX_RATE, MIN_RATE = 1_000_000, 1 / 86_400
"""Largest and smallest RATE_LIMIT, in messages per second; the smallest is one a day."""

MAX_BATCH_SIZE = 10_000
MAX_CONCURRENCY = 100

ALIAS_LENGTH = 64
"""Maximum length of a publisher's alias: it is stored with each delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherSettings:
    """One entry of `DJ_ACTIONS["PUBLISHERS"]`."""

    backend: str
    """Dotted path of the publisher class."""

    options: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments of its constructor."""

    routes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Pattern, for example `todo.*` → options for the messages it matches; the first match wins.

    An event keeps the options with which it was recorded.
    """

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    """When to retry a delivery and when to give it up."""

    batch_size: int = 1000
    """Maximum number of deliveries that a lane claims at once."""

    ordering: Ordering = Ordering.NONE
    """Whether deliveries with the same ordering key arrive in the order of their commits."""

    on_poison: OnPoison = OnPoison.PARK
    """How a dead letter affects later deliveries with the same ordering key; see `ordering`."""

    rate_limit: float | None = None
    """Maximum number of messages per second, for all relays together; None for no limit."""

    concurrency: int | None = None
    """Number of lanes with which one relay serves the publisher; None for the publisher's own
    default."""

    def route(self, label: str) -> Mapping[str, Any] | None:
        """Return the options of the first route that matches `resource.action`, or None."""
        for pattern, options in self.routes.items():
            if fnmatchcase(label, pattern):
                return options
        return None


def parse_publisher(alias: str, entry: object) -> PublisherSettings:
    """Return the validated entry of one publisher.

    Raises:
        InvalidSetting: a key is unknown, or a value is invalid.
    """
    where = f'DJ_ACTIONS["PUBLISHERS"]["{alias}"]'
    values = known_values(PublisherSettings, mapping(entry, where), f"key in {where}:")
    if not isinstance(values.get("backend"), str):
        raise InvalidSetting(
            f"{where} needs a BACKEND, the dotted path of a publisher class, "
            'for example "dj_actions.publishers.console.ConsolePublisher".'
        )
    if not 0 < len(alias) <= ALIAS_LENGTH:
        raise InvalidSetting(
            f"{where}: an alias must have between 1 and {ALIAS_LENGTH} characters."
        )
    values["options"] = mapping(values.get("options", {}), f'{where}["OPTIONS"]')
    values["routes"] = _routes(values.get("routes", {}), f'{where}["ROUTES"]')
    values["retry"] = _retry(values.get("retry", {}), f'{where}["RETRY"]')
    for name, kind in (("ordering", Ordering), ("on_poison", OnPoison)):
        if name in values:
            values[name] = choice(kind, values[name], f'{where}["{name.upper()}"]')
    settings = PublisherSettings(**values)
    _require_limits(settings, where)
    return settings


def _require_limits(settings: PublisherSettings, where: str) -> None:
    if settings.rate_limit is not None:
        _require_rate(settings.rate_limit, f'{where}["RATE_LIMIT"]')
    if settings.concurrency is not None:
        require_count(settings.concurrency, f'{where}["CONCURRENCY"]', maximum=MAX_CONCURRENCY)
    require_count(settings.batch_size, f'{where}["BATCH_SIZE"]', maximum=MAX_BATCH_SIZE)


def _require_rate(value: float, where: str) -> None:
    require_positive(value, where, maximum=MAX_RATE)
    if value < MIN_RATE:
        raise InvalidSetting(f"{where} must be at least one a day, 1 / 86400, not {value!r}.")


def _routes(routes: object, where: str) -> Mapping[str, Mapping[str, Any]]:
    """Accept a list of patterns, or a mapping of pattern → options."""
    if isinstance(routes, str):
        raise InvalidSetting(f"{where} must be a list of patterns. Did you mean [{routes!r}]?")
    if isinstance(routes, (list, tuple)) and all(isinstance(entry, str) for entry in routes):
        routes = {pattern: {} for pattern in routes}
    if not isinstance(routes, Mapping):
        raise InvalidSetting(
            f"{where} must be a list of patterns, or a dict of pattern → options, not "
            f"{kind_of(routes)}."
        )
    return {
        pattern: mapping(options, f'{where}["{pattern}"]')
        for pattern, options in mapping(routes, where).items()
    }


def _retry(retry: object, where: str) -> RetryPolicy:
    if isinstance(retry, RetryPolicy):
        return retry
    values = known_values(RetryPolicy, mapping(retry, where), f"key in {where}:", case=str.lower)
    return RetryPolicy(**values)
