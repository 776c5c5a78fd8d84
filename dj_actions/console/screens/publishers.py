"""The publishers: what each one does now, in words, and how it is configured."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dj_actions.conf import PublisherSettings, get_settings
from dj_actions.console.screens.status import Status, Tone
from dj_actions.console.screens.times import NOTHING
from dj_actions.models import PublisherState
from dj_actions.outbox.queries import WaitingCounts
from dj_actions.outbox.times import aware
from dj_actions.policies import Ordering
from dj_actions.relay.capacity import lanes_of

PAUSED = Status(word=_("paused"), symbol="‖", tone=Tone.NEUTRAL)
STOPPED = Status(word=_("circuit breaker open"), symbol="✗", tone=Tone.BAD)
UNSERVED = Status(word=_("no relay"), symbol="✗", tone=Tone.BAD)
FAILING = Status(word=_("has dead letters"), symbol="▲", tone=Tone.BAD)
RETRYING = Status(word=_("retrying"), symbol="↻", tone=Tone.BUSY)
LIMITED = Status(word=_("rate limited"), symbol="◐", tone=Tone.BUSY)
HEALTHY = Status(word=_("healthy"), symbol="●", tone=Tone.GOOD)
NOT_CONFIGURED = Status(word=_("not configured"), symbol="?", tone=Tone.BAD)

SECRET_NAMES = ("secret", "password", "token", "key", "authorization", "credential", "cert")
"""Parts of the names of options whose values are never shown."""

MASK = "••••••"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherRow:
    """One publisher, as the overview and the list of publishers show it."""

    alias: str
    status: Status
    explanation: str
    """Who or what stops it, why, and until when; empty if nothing does."""

    waiting: WaitingCounts | None
    """Its pending deliveries; None without any."""

    dead: int
    is_paused: bool = False
    is_configured: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known of all publishers at one moment."""

    now: datetime
    states: Mapping[str, PublisherState]
    waiting: Mapping[str, WaitingCounts]
    dead: Mapping[str, int]
    served: Collection[str]
    """Aliases of the publishers that a living relay serves."""


def publisher_rows(situation: Situation) -> list[PublisherRow]:
    """Return all publishers: the configured ones, and others that have open deliveries."""
    configured = get_settings().publishers
    others = (situation.waiting.keys() | situation.dead.keys()) - configured.keys()
    return [_row(alias, situation, configured) for alias in (*configured, *sorted(others))]


def _row(
    alias: str, situation: Situation, configured: Mapping[str, PublisherSettings]
) -> PublisherRow:
    state = situation.states.get(alias)
    status, explanation = _status(alias, state, situation, configured)
    return PublisherRow(
        alias=alias,
        status=status,
        explanation=explanation,
        waiting=situation.waiting.get(alias),
        dead=situation.dead.get(alias, 0),
        is_paused=bool(state and state.paused_at),
        is_configured=alias in configured,
    )


def _status(
    alias: str,
    state: PublisherState | None,
    situation: Situation,
    configured: Mapping[str, PublisherSettings],
) -> tuple[Status, str]:
    """Return what a person has to know first about a publisher."""
    if alias not in configured:
        return NOT_CONFIGURED, gettext("It has open deliveries, but no entry in the settings.")
    if state and state.paused_at:
        return PAUSED, _paused_text(state)
    if state and state.open_until:
        return STOPPED, _open_text(state)
    if alias not in situation.served:
        return UNSERVED, gettext("No relay that serves it was seen lately.")
    return _status_of_flowing(alias, state, situation)


def _status_of_flowing(
    alias: str, state: PublisherState | None, situation: Situation
) -> tuple[Status, str]:
    """Return the status of a publisher that nothing stops."""
    waiting = situation.waiting.get(alias)
    if situation.dead.get(alias):
        return FAILING, ""
    if (
        state
        and state.next_send_at
        and aware(state.next_send_at, using=str(state._state.db)) > situation.now
    ):
        return LIMITED, gettext("RATE_LIMIT allows no message before then.")
    return (RETRYING if waiting and waiting.retrying else HEALTHY), ""


def _paused_text(state: PublisherState) -> str:
    by = state.paused_by or gettext("the system")
    return gettext("By %(user)s: %(reason)s") % {
        "user": by,
        "reason": state.pause_reason or NOTHING,
    }


def _open_text(state: PublisherState) -> str:
    return gettext("After %(failures)d failures: %(reason)s") % {
        "failures": state.failures,
        "reason": state.open_reason or NOTHING,
    }


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
