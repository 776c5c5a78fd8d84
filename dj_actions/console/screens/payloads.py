"""What an action received, returned and emitted, as it is stored: redacted."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext

from dj_actions.exceptions import ActionNotFound
from dj_actions.models import ActionEvent
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


def curl_command(event: ActionEvent, request: HttpRequest) -> str:
    """Return a shell command that runs the action again, with the stored input.

    Empty if the action is not registered any more, or no viewset of its model is in the URLs.
    """
    path = _path_of(event)
    if not path:
        return ""
    data = dict(event.request_data) if isinstance(event.request_data, dict) else {}
    if not event.object_id and event.object_ids:
        data = {"ids": event.object_ids, **data}
    parts = (
        *("curl", "-X", "POST", request.build_absolute_uri(path)),
        *("-H", "Content-Type: application/json", "-H", "Authorization: Token …"),
        *("-d", json.dumps(data, ensure_ascii=False)),
    )
    return " ".join(map(shlex.quote, parts))


def _path_of(event: ActionEvent) -> str:
    """Return the path of the action, with the route names of DRF's routers."""
    try:
        model = registry.get(event.resource, event.action).model
        name = f"{model._meta.model_name}-action-{event.action}"
        return reverse(name, args=[event.object_id] if event.object_id else [])
    except (ActionNotFound, NoReverseMatch):
        return ""
