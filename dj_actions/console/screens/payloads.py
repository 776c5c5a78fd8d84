"""What an action received, returned and emitted, as it is stored: redacted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from dj_actions.console.screens.code_samples import Call
from dj_actions.declaration.definition import IDS
from dj_actions.exceptions import ActionNotFound
from dj_actions.models import ActionEvent
from dj_actions.redaction import is_only_size
from dj_actions.registry import registry

MAX_SHOWN = 20_000
"""Characters of one payload that a page shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One payload of an event."""

    title: str
    text: str
    size: int
    """Bytes of the whole as JSON."""

    is_cut: bool = False


def payloads_of(event: ActionEvent) -> Sequence[Payload]:
    """Return the payloads of an event that are not empty."""
    parts = (
        (gettext("Input"), event.request_data),
        (gettext("Result"), event.response_data),
        (gettext("Extra data"), event.extra),
    )
    return [_payload(title, value) for title, value in parts if value not in ({}, None)]


def _payload(title: str, value: Any) -> Payload:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return Payload(
        title=title,
        text=text[:MAX_SHOWN],
        size=len(text.encode(errors="replace")),
        is_cut=len(text) > MAX_SHOWN,
    )


def call_of(event: ActionEvent) -> Call | None:
    """Return the call that an event records, with the stored input.

    None if the action is not registered any more, or the input was too large to be stored.
    """
    data = event.request_data
    if not isinstance(data, dict) or is_only_size(data):
        return None
    try:
        definition = registry.get(event.resource, event.action)
    except ActionNotFound:
        return None
    return Call(
        definition=definition,
        keys=tuple(map(str, event.object_ids)),
        data={name: value for name, value in data.items() if name != IDS or not definition.bulk},
        username=event.actor_label if event.actor_id else "",
    )
