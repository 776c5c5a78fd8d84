"""The requests to a project, as values. No client, no network."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from dj_actions_airflow_provider.errors import InvalidConnection, RequestRefused
from dj_actions_airflow_provider.settings import Settings

PARENT_HEADER = "DJ-Actions-Parent"
SIGNATURE_HEADER = "DJ-Actions-Signature"
KEY_HEADER = "Idempotency-Key"

MAX_KEY_LENGTH = 255
"""The longest idempotency key that a project takes, in printable ASCII characters."""

ACCEPTED = "application/problem+json, application/json"
"""Errors as problem details, which have a code, and everything else as JSON."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiRequest:
    """A request, ready to be sent."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionCall:
    """A call of an action on one object, on many, or on none."""

    resource: str
    action: str
    object_id: str | int | None = None
    """The object of an action on one object."""
    object_ids: Sequence[str | int] | None = None
    """The objects of a bulk action."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """The input of the action."""
    path: str | None = None
    """Path of the resource's collection; by default that of the connection."""
    idempotency_key: str | None = None
    """Of several calls with the same key, only the first runs the action."""
    parent: str | None = None
    """The id of the event that led to this call."""


def action_request(settings: Settings, call: ActionCall) -> ApiRequest:
    """Return the request that runs an action.

    Raises:
        InvalidConnection: the path of the resource is unknown.
        RequestRefused: the data is not JSON, or the parent is not the id of an event.
    """
    headers = _headers(settings) | {"Content-Type": "application/json"}
    if call.idempotency_key:
        headers[KEY_HEADER] = usable_key(call.idempotency_key)
    if call.parent:
        headers[PARENT_HEADER] = _event_id(call.parent)
    body = dict(call.data)
    if call.object_ids is not None:
        body["ids"] = list(call.object_ids)
    parts = [] if call.object_id is None else [str(call.object_id)]
    path = "/".join(quote(part, safe="") for part in [*parts, "actions", call.action])
    return ApiRequest(
        method="POST",
        url=f"{_collection(settings, call.resource, call.path)}{path}/",
        headers=headers,
        body=_json(body),
    )


def catalogue_request(settings: Settings, resource: str) -> ApiRequest:
    """Return the request for the actions of a resource."""
    url = f"{_collection(settings, resource, None)}actions/list/"
    return ApiRequest(method="GET", url=url, headers=_headers(settings))


def event_request(settings: Settings, event_id: str) -> ApiRequest:
    """Return the request for one event with its deliveries."""
    url = settings.api_url(f"action-events/{quote(event_id, safe='')}/")
    return ApiRequest(method="GET", url=url, headers=_headers(settings))


def newest_event_request(settings: Settings, filters: Mapping[str, str]) -> ApiRequest:
    """Return the request for the newest event that matches filters of the events API."""
    query = urlencode({**filters, "page_size": "1"})
    url = settings.api_url(f"action-events/?{query}")
    return ApiRequest(method="GET", url=url, headers=_headers(settings))


def hint_request(settings: Settings, hint: Mapping[str, str], *, now: int) -> ApiRequest:
    """Return the signed request that lets a project check an event's runs.

    Args:
        settings: of the connection.
        hint: the body.
        now: seconds since the epoch: the project refuses a signature that is too old.

    Raises:
        InvalidConnection: the connection has no secret to sign with.
    """
    if not settings.hint_secret:
        raise InvalidConnection(
            "The connection has no hint_secret. Set it to the HINT_SECRET of the project's "
            "DJ_ACTIONS setting."
        )
    body = json.dumps(hint).encode()
    digest = hmac.new(settings.hint_secret.encode(), b"%d." % now + body, hashlib.sha256)
    return ApiRequest(
        method="POST",
        url=settings.api_url("remote-runs/hint/"),
        headers={
            "Accept": ACCEPTED,
            "Content-Type": "application/json",
            SIGNATURE_HEADER: f"t={now},v1={digest.hexdigest()}",
        },
        body=body,
    )


def usable_key(key: str) -> str:
    """Return an idempotency key as a project takes it: one that it would refuse, as its hash."""
    if key.isascii() and key.isprintable() and key == key.strip() and len(key) <= MAX_KEY_LENGTH:
        return key
    return f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def _json(data: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(data, default=_plain, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise RequestRefused(f"The data of the action cannot be sent as JSON: {error}") from error


def _plain(value: object) -> str:
    if isinstance(value, (date, time)):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, (UUID, Decimal)):
        return str(value)
    raise TypeError(f"{type(value).__name__} {value!r} has no form in JSON.")


def _event_id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise RequestRefused(f"The parent {text!r} is not the id of an event.") from None


def _headers(settings: Settings) -> dict[str, str]:
    return {"Accept": ACCEPTED, "Authorization": f"{settings.auth_scheme} {settings.token}"}


def _collection(settings: Settings, resource: str, path: str | None) -> str:
    """Return the URL of a resource's collection, with a trailing slash."""
    path = path or settings.paths.get(resource)
    if path is None:
        raise InvalidConnection(
            f"The path of the resource {resource!r} is unknown. Add it to the paths of the "
            f'connection, such as {{"{resource}": "/{resource}s/"}}, or give the operator a path.'
        )
    return settings.url(f"{path.strip('/')}/")
