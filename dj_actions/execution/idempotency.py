"""A caller's key for a request, so that a repeated request runs only once.

Follows https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files import File
from django.http import QueryDict
from django.utils.crypto import salted_hmac
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError

from dj_actions.execution.call import ActionCall
from dj_actions.execution.identity import CallerIdentity
from dj_actions.models import ActionEvent
from dj_actions.outbox.events import IDEMPOTENCY_KEY_LENGTH, STORED_KEY_LENGTH
from dj_actions.outbox.queries import try_lock
from dj_actions.redaction import is_only_size
from dj_actions.serialization import RecordEncoder

if TYPE_CHECKING:
    from dj_actions.execution.run import Run

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotent-Replayed"

SALT = "dj_actions.idempotency"

PREFIX_LENGTH = 32
"""Characters of the hash that identifies a caller in a stored key."""

UNIDENTIFIED = (
    "A key belongs to one client, and nothing identifies this one. Authenticate, or leave the "
    "header out."
)

_held: ContextVar[frozenset[str]] = ContextVar("_held", default=frozenset())
"""Locks held by the calls that led to this one: the database would grant them again to the same
transaction."""

QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
"""A key as the draft defines it; most clients send it without quotes."""


class IdempotencyKeyInUse(APIException):
    """The first request with this key is still running."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "A request with this Idempotency-Key is still running. Try again later."
    default_code = "idempotency_key_in_use"


class ReplayUnavailable(APIException):
    """The first request succeeded, but its response was too large to store."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = (
        "The request with this Idempotency-Key succeeded, but its response was not stored."
    )
    default_code = "idempotent_answer_not_kept"


class IdempotencyKeyReused(APIException):
    """The key was used for a different request."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = (
        "This Idempotency-Key was used for a request with a different body or object. "
        "Use a new key for each request."
    )
    default_code = "idempotency_key_reused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """A caller's key for a call, and what distinguishes the call from others with that key."""

    key: str
    """The key as it is stored: it is unique for the actor of a record, so it has a prefix for
    callers that the actor does not identify."""

    fallback_keys: frozenset[str] = frozenset()
    """The same under SECRET_KEY_FALLBACKS."""

    lock_name: str = field(repr=False)
    """Name of the lock that calls with this key compete for."""

    fingerprint: str
    """A keyed hash of the input and the target: stored, it reveals neither."""

    fallback_fingerprints: frozenset[str] = frozenset()
    """The same under SECRET_KEY_FALLBACKS."""

    @classmethod
    def of(
        cls, call: ActionCall, sent_key: str, identity: CallerIdentity | None
    ) -> Idempotency | None:
        """Return the idempotency of a call that has a key; None for a dry run.

        Args:
            call: the call.
            sent_key: its key, as the caller has sent it.
            identity: who makes it: the key is this caller's own.

        Raises:
            ValidationError: the key is empty, too long, or not printable ASCII, or nothing
                identifies the caller.
        """
        key = _parse(sent_key)
        if call.dry_run:
            return None
        if identity is None:
            # Shared by all such clients, a key would hand the response to one of them to another.
            raise ValidationError({HEADER: [UNIDENTIFIED]})
        stored, *fallback_keys = _stored_keys(key, identity)
        fingerprint, *fallbacks = _fingerprints(call, identity)
        return cls(
            key=stored,
            fallback_keys=frozenset(fallback_keys),
            lock_name=json.dumps([identity.text, call.definition.label, key]),
            fingerprint=fingerprint,
            fallback_fingerprints=frozenset(fallbacks),
        )


@contextmanager
def exclusive(run: Run) -> Iterator[ActionEvent | None]:
    """Hold the run's idempotency key, and yield the event of an earlier call with it, if any.

    Enter it in the action's transaction: until that ends, no other call with the key can enter.

    Raises:
        IdempotencyKeyInUse: another call with the key is running.
        IdempotencyKeyReused: the key belongs to a different call.
        ReplayUnavailable: the earlier call succeeded, but its response was not stored.
    """
    if run.idempotency is None:
        yield None
        return
    name = run.idempotency.lock_name
    if name in _held.get() or not try_lock(name, using=run.scope.database):
        raise IdempotencyKeyInUse
    token = _held.set(_held.get() | {name})
    try:
        yield _earlier_event(run, run.idempotency)
    finally:
        _held.reset(token)


def _earlier_event(run: Run, idempotency: Idempotency) -> ActionEvent | None:
    event = ActionEvent.objects.of_idempotency_key(
        {idempotency.key, *idempotency.fallback_keys},
        resource=run.definition.resource,
        action=run.definition.name,
        actor_id=run.scope.actor.id if run.scope.actor else None,
    )
    if event is None:
        return None
    if event.fingerprint not in {idempotency.fingerprint, *idempotency.fallback_fingerprints}:
        raise IdempotencyKeyReused
    if is_only_size(event.response_data):
        raise ReplayUnavailable
    return event


def _parse(header: str) -> str:
    quoted = QUOTED.fullmatch(header.strip())
    key = re.sub(r'\\(["\\])', r"\1", quoted[1]) if quoted else header.strip()
    if not (key.isascii() and key.isprintable() and 0 < len(key) <= IDEMPOTENCY_KEY_LENGTH):
        raise ValidationError(
            {HEADER: [f"Use 1 to {IDEMPOTENCY_KEY_LENGTH} printable ASCII characters."]}
        )
    return key


def _stored_keys(key: str, identity: CallerIdentity) -> list[str]:
    """Return the key as it is stored under SECRET_KEY, then under its fallbacks."""
    if identity.is_plain:
        return [key]
    prefixes = [f"{digest[:PREFIX_LENGTH]}:" for digest in _digests(identity.text)]
    if PREFIX_LENGTH + 1 + len(key) > STORED_KEY_LENGTH:
        key = sha256(key.encode()).hexdigest()
    return [prefix + key for prefix in prefixes]


def _fingerprints(call: ActionCall, identity: CallerIdentity) -> Iterator[str]:
    """Yield the fingerprint under SECRET_KEY, then those under its fallbacks."""
    content = [call.target, _comparable(call.data)]
    if not identity.is_plain:
        content.append(identity.text)
    yield from _digests(json.dumps(content, cls=_FingerprintEncoder, sort_keys=True))


def _digests(text: str) -> Iterator[str]:
    """Yield the keyed hash of a string under SECRET_KEY, then those under its fallbacks."""
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        yield salted_hmac(SALT, text, secret=secret, algorithm="sha256").hexdigest()


class _FingerprintEncoder(RecordEncoder):
    """Encodes any input of a call; a value that JSON cannot hold is encoded by its `repr`."""

    def default(self, o: Any) -> Any:
        """Encode a value that JSON has no type for."""
        if isinstance(o, File):
            return [o.name, _digest(o)]
        try:
            return super().default(o)
        except TypeError:
            return repr(o)


def _digest(file: File[Any]) -> str:
    digest = sha256()
    for chunk in file.chunks():
        digest.update(chunk if isinstance(chunk, bytes) else chunk.encode())
    file.seek(0)
    return digest.hexdigest()


def _comparable(data: Any) -> Any:
    if isinstance(data, QueryDict):
        return dict(data.lists())
    if isinstance(data, Mapping):
        return {str(key): value for key, value in data.items()}
    return data
