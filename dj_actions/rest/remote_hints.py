"""The endpoint for signed hints that a remote run has ended; they are never trusted."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Collection
from http import HTTPStatus
from threading import Lock
from typing import Any
from uuid import UUID

from django.db import router
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from dj_actions.conf import get_settings
from dj_actions.models import Delivery
from dj_actions.outbox.wakeup import wake_trackers
from dj_actions.publishers.handler import supports_tracking

logger = logging.getLogger(__name__)

HEADER = "DJ-Actions-Signature"

MAX_BODY_BYTES = 8192

MAX_AGE = 300
"""Seconds by which the time of a signature may differ from ours."""

MAX_SIGNATURES = 10_000
"""Signatures that a process remembers, so that a repeated hint costs nothing."""

SIGNATURE = re.compile(r"t=(?P<time>[0-9]{1,12})(?P<values>(?:,v1=[0-9a-f]{64}){1,5})")

_seen: OrderedDict[str, None] = OrderedDict()
_lock = Lock()


@csrf_exempt
def hint(request: HttpRequest) -> HttpResponse:
    """Let the remote runs of an event be checked now, if the hint is signed.

    Nothing that it says is stored: the destination itself is requested what became of the run. An
    event that is not known is not an error, so that the sender finds out nothing.

    The body is JSON with `event_id`, and for the log `dag_id`, `run_id`, `task_id`, `exception`.
    The header is `DJ-Actions-Signature: t=<seconds since 1970>,v1=<signature>`, whose signature is
    the hexadecimal HMAC-SHA256 of `<seconds>.<body>` with HINT_SECRET as its key.
    """
    secrets = get_settings().hint_secret
    if not secrets:
        return _problem(HTTPStatus.NOT_FOUND, "HINT_SECRET is not set: no hints are accepted.")
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if len(request.body) > MAX_BODY_BYTES:
        return _problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A hint has at most {MAX_BODY_BYTES} bytes."
        )
    header = request.headers.get(HEADER, "")
    if not is_signed(header, request.body, secrets, now=time.time()):
        return _problem(
            HTTPStatus.FORBIDDEN, f"{HEADER} is missing, wrong, or older than {MAX_AGE} s."
        )
    content = _parse(request.body)
    event_id = _event_id(content)
    if event_id is None:
        return _problem(HTTPStatus.BAD_REQUEST, "The body must be an object with an `event_id`.")
    if header not in _seen:
        _check_now(event_id, content)
        _remember(header)
    return JsonResponse({}, status=HTTPStatus.ACCEPTED)


def is_signed(header: str, body: bytes, secrets: Collection[str], *, now: float) -> bool:
    """Return whether a body was signed with one of the secrets, a short time ago.

    Args:
        header: the value of the signature's header.
        body: the body as it was received.
        secrets: the secrets that are valid.
        now: seconds since 1970.
    """
    found = SIGNATURE.fullmatch(header)
    if found is None or abs(now - int(found["time"])) > MAX_AGE:
        return False
    given = found["values"].split(",v1=")[1:]
    expected = [_signature(secret, found["time"], body) for secret in secrets]
    return any(hmac.compare_digest(one, other) for one in given for other in expected)


def _signature(secret: str, seconds: str, body: bytes) -> str:
    signed = seconds.encode() + b"." + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _remember(signature: str) -> None:
    with _lock:
        _seen[signature] = None
        if len(_seen) > MAX_SIGNATURES:
            _seen.popitem(last=False)


def _check_now(event_id: UUID, content: dict[str, Any]) -> None:
    logger.debug("Hint about the remote run %.250r of event %s.", content.get("run_id"), event_id)
    settings = get_settings()
    tracked = [alias for alias in settings.publishers if supports_tracking(alias, settings)]
    if Delivery.objects.filter(event=event_id).check_hinted(tracked):
        wake_trackers(tracked, using=router.db_for_write(Delivery))


def _parse(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _event_id(content: dict[str, Any]) -> UUID | None:
    value = content.get("event_id")
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _problem(status: HTTPStatus, detail: str) -> JsonResponse:
    return JsonResponse({"detail": detail}, status=status)
