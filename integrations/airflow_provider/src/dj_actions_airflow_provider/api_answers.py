"""The answers of a project, as values or as errors. No client, no network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from dj_actions_airflow_provider.errors import RequestFailed, RequestRefused

EVENT_HEADER = "action-event"
REPLAYED_HEADER = "idempotent-replayed"

MAX_QUOTED = 500
"""Characters of an answer that an error message quotes."""

LATER = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,
        HTTPStatus.LOCKED,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)
"""The statuses of clients' errors that may pass."""

FINAL_CONFLICTS = frozenset({"chain_too_long", "idempotent_answer_not_kept"})
"""Codes of conflicts that every try would meet again."""

HINTS: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "Is the token of the connection valid?",
    HTTPStatus.FORBIDDEN: "May the token call this, and does its owner have the permission?",
    HTTPStatus.NOT_FOUND: "Are the host, the path and the id right?",
    HTTPStatus.METHOD_NOT_ALLOWED: "Are the host and the path right?",
}

REUSED_KEY = (
    "The task was tried before with other input. Clear it with the same input, or give it an "
    "idempotency_key of its own."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a project has answered."""

    request: str
    """Method and URL of the request, for messages."""
    status: int
    headers: Mapping[str, str]
    """With names in lower case."""
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionOutcome:
    """The result of an action that has run."""

    event: str
    """The id of its event."""
    status: int
    """The status code of the answer."""
    result: Any
    """What the action returned."""
    replayed: bool
    """Whether an earlier try of the same task has run the action."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain JSON, for XCom."""
        return asdict(self)


def action_outcome(answer: Answer) -> ActionOutcome:
    """Return the outcome of an action; raise as `json_of` does."""
    return ActionOutcome(
        event=answer.headers.get(EVENT_HEADER, ""),
        result=json_of(answer),
        status=answer.status,
        replayed=answer.headers.get(REPLAYED_HEADER) == "true",
    )


def event_of(answer: Answer) -> Mapping[str, Any]:
    """Return the event in an answer; raise as `json_of` does."""
    event = json_of(answer)
    if not isinstance(event, dict) or "deliveries" not in event:
        raise _not_ours(answer)
    return event


def newest_event_of(answer: Answer) -> Mapping[str, Any] | None:
    """Return the first event in a page of them, or None; raise as `json_of` does."""
    page = json_of(answer)
    if not isinstance(page, dict) or not isinstance(page.get("results"), list):
        raise _not_ours(answer)
    return next(iter(page["results"]), None)


def json_of(answer: Answer) -> Any:
    """Return the JSON of a successful answer; None if it is empty.

    Raises:
        RequestFailed: the answer is an error that may pass, or was cut off.
        RequestRefused: it is an error that a retry would meet again, or no answer of a project.
    """
    raise_for_status(answer)
    if not answer.body:
        return None
    if "json" not in answer.headers.get("content-type", ""):
        raise _not_ours(answer)
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise RequestFailed(
            f"{answer.request} was answered with broken JSON: {_quoted(answer)}",
            status=answer.status,
        ) from error


def raise_for_status(answer: Answer) -> None:
    """Raise the error of an answer that is none of success.

    Raises:
        RequestFailed: the same request may succeed later.
        RequestRefused: it would be refused again.
    """
    status = answer.status
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return
    code, detail = _problem(answer)
    message = " ".join(filter(None, (f"{answer.request} was answered {_title(status)}.", detail)))
    if status < HTTPStatus.BAD_REQUEST:
        target = answer.headers.get("location", "")
        raise RequestRefused(
            f"{message} It points to {target!r}: set the host of the connection to where the "
            "project itself is.",
            status=status,
        )
    if code == "idempotency_key_reused":
        message = f"{message} {REUSED_KEY}"
    if _may_pass(status, code):
        raise RequestFailed(f"{message}{_retry_after(answer)}", status=status, code=code)
    raise RequestRefused(f"{message} {HINTS.get(status, '')}".strip(), status=status, code=code)


def _may_pass(status: int, code: str) -> bool:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return True
    return status in LATER and code not in FINAL_CONFLICTS


def _problem(answer: Answer) -> tuple[str, str]:
    """Return the code and the sentences of an error, as problem details or as DRF writes it."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return "", _quoted(answer)
    if not isinstance(body, dict):
        return "", _quoted(answer)
    code = str(body.get("code") or "")
    if isinstance(body.get("errors"), list):
        parts = [_problem_entry(entry) for entry in body["errors"]]
        return code, _cut("; ".join(filter(None, parts))) or _quoted(answer)
    detail = body.get("detail")
    return code, _cut(detail) if isinstance(detail, str) else _quoted(answer)


def _problem_entry(entry: Any) -> str:
    if not isinstance(entry, dict):
        return ""
    return f"{str(entry.get('pointer', '')).lstrip('#/')}: {entry.get('detail', '')}"


def _quoted(answer: Answer) -> str:
    return _cut(answer.body[: MAX_QUOTED * 4].decode(errors="replace"))


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_QUOTED else f"{text[: MAX_QUOTED - 1]}…"


def _title(status: int) -> str:
    known = {entry.value: entry.phrase for entry in HTTPStatus}
    return f"{status} {known.get(status, '')}".strip()


def _retry_after(answer: Answer) -> str:
    seconds = answer.headers.get("retry-after", "")
    return f" It asks to wait {seconds} seconds." if seconds.isdigit() else ""


def _not_ours(answer: Answer) -> RequestRefused:
    return RequestRefused(
        f"{answer.request} was answered {_title(answer.status)}, but not by DJ Actions: "
        f"{_quoted(answer)} Do the host and the paths of the connection point to the project?",
        status=answer.status,
    )
