"""What is stored of a remote run besides its state: bounded, storable, and without secrets."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from dj_actions.conf import get_settings
from dj_actions.exceptions import without_secrets
from dj_actions.messages import RemoteFailure, RemoteRun
from dj_actions.messages.receipts import RECEIPT_URL_LENGTH
from dj_actions.redaction import or_size, redact, redact_line
from dj_actions.registry import registry
from dj_actions.states import ENDED_STATES
from dj_actions.text import MAX_NAME_LENGTH, is_storable, sanitize

MAX_LINES = 20
"""Lines of a log that are stored: the last ones."""

MAX_LINE_LENGTH = 500
"""Characters of a line, of an exception and of a hint that are stored."""

MAX_LOG_BYTES = 8192
"""Bytes of all lines together."""

MAX_RESULT_BYTES = 16_384
"""Bytes of a result; of a larger one, only the size is stored."""


def cleaned(run: RemoteRun) -> RemoteRun:
    """Return a run as it may be stored and shown: bounded, and without secrets."""
    has_text = run.hint or run.failure or run.result is not None
    names = sensitive_names() if has_text else frozenset()
    is_number = isinstance(run.duration, (int, float)) and math.isfinite(run.duration)
    return replace(
        run,
        hint=_line(run.hint, names),
        failure=_without_secrets(run.failure, names) if run.failure else None,
        result=None if run.result is None else _result(run.result, names),
        duration=run.duration if is_number else None,
    )


def report_of(run: RemoteRun) -> dict[str, Any] | None:
    """Return what is stored of a cleaned run besides its state; None if nothing is known."""
    values = {
        "hint": run.hint,
        "failure": _known(asdict(run.failure)) if run.failure else None,
        "result": run.result,
        "duration": run.duration,
        "ended_at": run.ended_at and run.ended_at.isoformat(),
    }
    return _known(values) or None


def merged(recorded: Mapping[str, Any] | None, run: RemoteRun) -> dict[str, Any] | None:
    """Return the report of a cleaned run in the state that is recorded.

    Of an end, what was known stays known: a log may be gone by now.
    """
    report = report_of(run)
    if run.state in ENDED_STATES and recorded:
        return {**recorded, **(report or {})}
    return report


def is_same_end(recorded: Mapping[str, Any] | None, run: RemoteRun) -> bool:
    """Return whether an end is the recorded one, as far as the destination says when it was."""
    known = (recorded or {}).get("ended_at")
    return known is None or run.ended_at is None or known == run.ended_at.isoformat()


def sensitive_names() -> frozenset[str]:
    """Return the names of all fields that are sensitive, of the settings and of any action."""
    own = (entry.sensitive | entry.input.sensitive_names() for entry in registry)
    return frozenset(get_settings().sensitive_fields).union(*own)


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", (), {})}


def _without_secrets(failure: RemoteFailure, names: Collection[str]) -> RemoteFailure:
    return replace(
        failure,
        task=sanitize(failure.task, MAX_NAME_LENGTH),
        exception=_line(failure.exception, names),
        log=_log(failure.log, names),
        url=sanitize(failure.url, RECEIPT_URL_LENGTH),
    )


def _log(lines: Collection[str], names: Collection[str]) -> tuple[str, ...]:
    """Return the last lines, as many as may be stored."""
    kept: list[str] = []
    size = 0
    for text in reversed([*lines][-MAX_LINES:]):
        line = _line(text, names)
        size += len(line.encode())
        if size > MAX_LOG_BYTES:
            break
        kept.insert(0, line)
    return tuple(kept)


def _line(text: str, names: Collection[str]) -> str:
    # Cut first: the search takes time, and a log may have very long lines.
    line = " ".join(sanitize(text, MAX_LINE_LENGTH).split("\n"))
    return redact_line(without_secrets(line), names)[:MAX_LINE_LENGTH]


def _result(result: Any, names: Collection[str]) -> Any:
    try:
        plain = json.loads(json.dumps(result, cls=DjangoJSONEncoder))
    except (TypeError, ValueError, RecursionError):
        plain = str(result)
    if not is_storable(plain):
        plain = sanitize(plain, MAX_LINE_LENGTH)
    return or_size(redact(plain, names), MAX_RESULT_BYTES)
