"""How a publisher is configured, without secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from dj_actions.conf import PublisherSettings, get_settings
from dj_actions.console.screens.times import NOTHING
from dj_actions.policies import Ordering
from dj_actions.relay.process.capacity import lanes_of

SECRET_NAMES = ("secret", "password", "token", "key", "authorization", "credential", "cert")
"""Parts of the names of options whose values are never shown."""

MASK = "••••••"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherConfiguration:
    """The settings of a publisher, without secrets."""

    backend: str
    options: Mapping[str, str]
    """Name → value; secrets are masked."""

    routes: Mapping[str, str]
    """Pattern → options as JSON."""

    retries: tuple[str, ...]
    """The retry policy in sentences."""

    limits: tuple[tuple[str, str], ...]
    """Name and value of the other settings."""


def configuration_of(alias: str) -> PublisherConfiguration | None:
    """Return the settings of a publisher; None if it is not configured."""
    entry = get_settings().publishers.get(alias)
    if entry is None:
        return None
    return PublisherConfiguration(
        backend=entry.backend,
        options={name: masked(name, value) for name, value in entry.options.items()},
        routes={pattern: _json(masked_all(options)) for pattern, options in entry.routes.items()},
        retries=_retry_sentences(entry),
        limits=_limits(alias, entry),
    )


def masked(name: str, value: object) -> str:
    """Return the text of an option, or a mask if its name is that of a secret."""
    if _is_secret(name):
        return MASK if value else ""
    return _json(masked_all(value)) if isinstance(value, (Mapping, list, tuple)) else str(value)


def masked_all(value: Any) -> Any:
    """Return a value with the secrets in it masked, at any depth."""
    if isinstance(value, Mapping):
        return {
            str(name): MASK if _is_secret(str(name)) and entry else masked_all(entry)
            for name, entry in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [masked_all(entry) for entry in value]
    return value


def _is_secret(name: str) -> bool:
    return any(part in name.lower() for part in SECRET_NAMES)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _retry_sentences(entry: PublisherSettings) -> tuple[str, ...]:
    retry = entry.retry
    waits = [
        f"{wait:.0f} s"
        if (wait := retry.next_wait(attempts=attempt, age=0)) is not None
        else NOTHING
        for attempt in (1, 2, 3, 5, 8)
    ]
    lost = retry.next_wait(attempts=1, age=0, not_found=True)
    return (
        gettext("After attempts 1, 2, 3, 5 and 8, for example: %s.") % ", ".join(waits),
        gettext("A DAG or feed that does not exist is tried again after %s s.")
        % (NOTHING if lost is None else f"{lost:.0f}"),
    )


def _limits(alias: str, entry: PublisherSettings) -> tuple[tuple[str, str], ...]:
    ordering = str(entry.ordering)
    if entry.ordering is Ordering.KEY:
        ordering += f", ON_POISON {entry.on_poison}"
    rate = gettext("none") if entry.rate_limit is None else f"{entry.rate_limit:g}/s"
    return (
        ("ORDERING", ordering),
        ("CONCURRENCY", str(lanes_of(alias, get_settings()))),
        ("BATCH_SIZE", str(entry.batch_size)),
        ("RATE_LIMIT", rate),
    )
