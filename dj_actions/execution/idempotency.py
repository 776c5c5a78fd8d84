"""A caller's own name for a request, so that sending it twice does it once.

After https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.files import File
from django.http import QueryDict
from django.utils.crypto import salted_hmac
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.execution.database import database_of
from dj_actions.messages import Actor
from dj_actions.models import IDEMPOTENCY_KEY_LENGTH, OF_NOBODY, ActionEvent
from dj_actions.outbox.queries import try_lock
from dj_actions.redaction import TOO_LARGE
from dj_actions.serialization import RecordEncoder

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotent-Replayed"

SALT = "dj_actions.idempotency"

_running: ContextVar[frozenset[str]] = ContextVar("_running", default=frozenset())
"""Locks that calls further up hold: the database would grant them again to the same transaction."""

QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
"""The draft's form of a key; most clients send it without quotes."""


class StillRunning(APIException):
    """The first request with this key has not ended."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "A request with this Idempotency-Key is still running. Try again later."
    default_code = "idempotency_key_in_use"


class AnswerNotKept(APIException):
    """The first request has succeeded, but its answer was too large to be kept."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "The request with this Idempotency-Key has succeeded; its answer is not kept."
    default_code = "idempotent_answer_not_kept"


class KeyReused(APIException):
    """The key was used for another request."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = (
        "This Idempotency-Key was used for a request with another body or object. "
        "Use a new key for each request."
    )
    default_code = "idempotency_key_reused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Idempotency:
    """The name of a request, and what tells it from others."""

    key: str
    fingerprint: str
    """A keyed hash of the input and of what is acted on: stored, it gives nothing away."""

    of_former_secrets: frozenset[str] = frozenset()
    """The same under SECRET_KEY_FALLBACKS."""

    def stored_key(self, actor: Any) -> str:
        """Return the key as it is stored: nobody in particular shares none with the system."""
        return self.key if actor is None or Actor.of(actor) else f"{OF_NOBODY}{self.key}"


def idempotency_of(key: str | None, *, target: str, data: Any) -> Idempotency | None:
    """Return the idempotency of a call; None if it names no key.

    Args:
        key: as the caller has sent it.
        target: what is acted on, as far as the data do not say it.
        data: the input as sent.

    Raises:
        ValidationError: the key is empty, too long, or not printable ASCII.
    """
    if key is None:
        return None
    quoted = QUOTED.fullmatch(key.strip())
    text = re.sub(r'\\(["\\])', r"\1", quoted[1]) if quoted else key.strip()
    if not (text.isascii() and text.isprintable() and 0 < len(text) <= IDEMPOTENCY_KEY_LENGTH):
        raise ValidationError(
            {HEADER: [f"Use 1 to {IDEMPOTENCY_KEY_LENGTH} printable ASCII characters."]}
        )
    request = json.dumps([target, _comparable(data)], cls=_FingerprintEncoder, sort_keys=True)
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    first, *others = (
        salted_hmac(SALT, request, secret=secret, algorithm="sha256").hexdigest()
        for secret in secrets
    )
    return Idempotency(key=text, fingerprint=first, of_former_secrets=frozenset(others))


def earlier_event(
    definition: ActionDefinition, actor: Any, idempotency: Idempotency
) -> ActionEvent | None:
    """Return the event of the same request made earlier; None if this is the first.

    Called in the action's transaction: until it ends, no other call gets past this point with
    the same key.

    Raises:
        StillRunning: another call with the key is under way.
        KeyReused: the key belongs to another request.
        AnswerNotKept: the request has succeeded, but its answer cannot be repeated.
    """
    name = _name_of(definition, actor, idempotency)
    if name in _running.get() or not try_lock(name, using=database_of(definition)):
        raise StillRunning
    event = ActionEvent.objects.of_idempotency_key(
        idempotency.stored_key(actor),
        resource=definition.resource,
        action=definition.name,
        actor_id=_id_of(actor),
    )
    if event is None:
        return None
    if event.fingerprint not in {idempotency.fingerprint, *idempotency.of_former_secrets}:
        raise KeyReused
    if isinstance(event.response_data, dict) and event.response_data.keys() == {TOO_LARGE}:
        raise AnswerNotKept
    return event


@contextmanager
def running(
    definition: ActionDefinition, actor: Any, idempotency: Idempotency | None
) -> Iterator[None]:
    """Let calls within this one find that its key is in use."""
    if idempotency is None:
        yield
        return
    token = _running.set(_running.get() | {_name_of(definition, actor, idempotency)})
    try:
        yield
    finally:
        _running.reset(token)


def _name_of(definition: ActionDefinition, actor: Any, idempotency: Idempotency) -> str:
    return json.dumps([_id_of(actor), definition.label, idempotency.stored_key(actor)])


def _id_of(actor: Any) -> str | None:
    known = Actor.of(actor)
    return known.id if known else None


class _FingerprintEncoder(RecordEncoder):
    """JSON of anything that a call may bring; what has no JSON counts by its Python text."""

    def default(self, o: Any) -> Any:
        """Encode what JSON does not know."""
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
