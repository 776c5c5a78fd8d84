"""What destinations say against an action: asked for a moment, and kept for a while."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.signals import setting_changed
from django.utils.translation import gettext

from dj_actions.conf import get_settings
from dj_actions.database import close_connections
from dj_actions.exceptions import InvalidSetting, error_message
from dj_actions.publishers import BasePublisher, publishers
from dj_actions.publishers.handler import publisher_class

MAX_SECONDS = 2.0
"""Seconds for which a page waits for all destinations; what they say later, it shows next time."""

MAX_AGE = 30.0
"""Seconds for which an answer is shown without asking again."""

MAX_ANSWERS = 1000
"""Answers that a process keeps."""

_answers: OrderedDict[tuple[str, str], _Answer] = OrderedDict()
_lock = threading.Lock()


@dataclass(eq=False, slots=True)
class _Answer:
    """What a destination says against an action, once it has said it."""

    asked_at: float = field(default_factory=time.monotonic)
    is_known: threading.Event = field(default_factory=threading.Event)
    problems: Sequence[str] = ()


def problems_of(label: str, aliases: Collection[str]) -> Mapping[str, Sequence[str]]:
    """Return what the destinations of an action say against all messages of it.

    Args:
        label: the action, for example `todo.mark_done`.
        aliases: its publishers.

    Returns:
        Alias → sentences, without the publishers that have none.
    """
    deadline = time.monotonic() + MAX_SECONDS
    answers = {alias: _ask(alias, label) for alias in aliases if _can_say(alias)}
    for answer in answers.values():
        answer.is_known.wait(max(0.0, deadline - time.monotonic()))
    return {alias: answer.problems for alias, answer in answers.items() if answer.problems}


def _can_say(alias: str) -> bool:
    try:
        found = publisher_class(alias, get_settings().publishers[alias])
    except InvalidSetting:
        return False  # reported by the checks
    return found.problems_of is not BasePublisher.problems_of


def _ask(alias: str, label: str) -> _Answer:
    """Return the answer that is kept, or one that a thread will complete."""
    with _lock:
        known = _answers.get((alias, label))
        if known is not None and time.monotonic() - known.asked_at < MAX_AGE:
            return known
        answer = _answers[alias, label] = _Answer()
        _answers.move_to_end((alias, label))
        if len(_answers) > MAX_ANSWERS:
            _answers.popitem(last=False)
    # A thread of its own: a slow destination must not hold the page, nor the end of the process.
    threading.Thread(target=_complete, args=(answer, alias, label), daemon=True).start()
    return answer


def _complete(answer: _Answer, alias: str, label: str) -> None:
    try:
        answer.problems = _read(alias, label)
    except Exception as error:  # noqa: BLE001 - any exception of a publisher is what it says
        text = gettext("The destination cannot be asked now: %s")
        answer.problems = (text % error_message(error),)
    finally:
        answer.is_known.set()
        close_connections()


def _read(alias: str, label: str) -> Sequence[str]:
    publisher = publishers[alias]
    try:
        return tuple(publisher.problems_of(label))
    finally:
        publisher.close()


def _forget(*, setting: str, **_: Any) -> None:
    """Forget what was said to another configuration, when a test changes it."""
    if setting == "DJ_ACTIONS":
        with _lock:
            _answers.clear()


setting_changed.connect(_forget)
