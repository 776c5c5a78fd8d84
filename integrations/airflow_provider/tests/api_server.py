"""A project with DJ Actions, as far as the provider calls it: over real HTTP, with no Django."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "dja_made_up"
HINT_SECRET = "made up for tests"
MAX_HINT_AGE = 300

ACTION = re.compile(r"/todos/(?:(?P<object>[^/]+)/)?actions/(?P<action>[^/]+)/")
EVENT = re.compile(r"/api/action-events/(?P<event>[^/]+)/")


@dataclass(frozen=True, kw_only=True)
class Received:
    """A request of the provider."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the server answers."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    pause: float = 0.0
    """Seconds before the answer, unless the server is closed before."""
    cut: bool = False
    """Whether the connection is closed without an answer, after the request was carried out."""


def json_reply(value: object, status: int = 200, **headers: str) -> Reply:
    """Return a reply with a value as JSON; `action_event="…"` is the header `Action-Event`."""
    named = {name.replace("_", "-").title(): text for name, text in headers.items()}
    body = json.dumps(value).encode()
    return Reply(status=status, body=body, headers={"Content-Type": "application/json", **named})


def problem(status: int, detail: str, code: str = "", **more: Any) -> Reply:
    """Return a problem as the project's API describes errors."""
    body = {"type": "about:blank", "status": status, "detail": detail, "code": code, **more}
    content_type = {"Content-Type": "application/problem+json"}
    return Reply(status=status, body=json.dumps(body).encode(), headers=content_type)


class ApiServer(ThreadingHTTPServer):
    """Runs actions, keeps their events, takes hints; or answers what a test scripts."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.requests: list[Received] = []
        self.events: list[dict[str, Any]] = []
        self.hints: list[dict[str, Any]] = []
        self.deliveries: list[dict[str, Any]] = []
        """What a new event has; a test may change it."""
        self.closing = threading.Event()
        self._replies: dict[str, tuple[bytes, Reply]] = {}
        self._scripted: list[Reply] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()
        self._thread.join()

    def script(self, *replies: Reply) -> None:
        """Answer the next requests with these; a cut one is carried out before."""
        self._scripted += replies

    def reply_to(self, request: Received) -> Reply:
        """Return the answer to a request."""
        scripted = self._scripted.pop(0) if self._scripted else None
        if scripted is None or scripted.cut:
            followed = self._follow(request)
        return scripted or followed

    def _follow(self, request: Received) -> Reply:
        if request.path == "/api/remote-runs/hint/":
            return self._take_hint(request)
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return problem(401, "Invalid token.", "authentication_failed")
        return self._follow_known(request)

    def _follow_known(self, request: Received) -> Reply:
        if request.path == "/todos/actions/list/":
            names = [{"id": "bulk_mark_done"}], [{"id": "mark_done"}, {"id": "remind"}]
            return json_reply(
                {"resource": "todo", "bulk_actions": names[0], "instance_actions": names[1]}
            )
        if request.path == "/api/action-events/":
            return self._list(request)
        if found := EVENT.fullmatch(request.path):
            return self._show(found["event"])
        if (found := ACTION.fullmatch(request.path)) and request.method == "POST":
            return self._run_once(request, found["object"], found["action"])
        return problem(404, "Not found.", "not_found")

    def _run_once(self, request: Received, target: str | None, action: str) -> Reply:
        key = request.headers.get("idempotency-key", str(uuid.uuid4()))
        if key in self._replies:
            body, reply = self._replies[key]
            if body != request.body:
                text = "This Idempotency-Key was used for a request with a different body."
                return problem(422, text, "idempotency_key_reused")
            return Reply(body=reply.body, headers={**reply.headers, "Idempotent-Replayed": "true"})
        event = self._record(request, target, action)
        reply = json_reply({"done": True}, action_event=event["id"])
        self._replies[key] = (request.body, reply)
        return reply

    def _record(self, request: Received, target: str | None, action: str) -> dict[str, Any]:
        ids = [unquote(target)] if target else [str(key) for key in request.data.get("ids", ())]
        event = {
            "id": str(uuid.uuid4()),
            "resource": "todo",
            "action": action,
            "object_id": ids[0] if target else None,
            "object_ids": ids,
            "parent": request.headers.get("dj-actions-parent"),
            "status_code": 200,
            "created_at": datetime.now(UTC).isoformat(),
            "deliveries": [dict(entry) for entry in self.deliveries],
        }
        self.events.append(event)
        return event

    def _list(self, request: Received) -> Reply:
        wanted = {name: values[0] for name, values in request.query.items()}
        found = [
            event
            for event in reversed(self.events)
            if wanted.get("resource", event["resource"]) == event["resource"]
            and wanted.get("action", event["action"]) == event["action"]
            and wanted.get("object", event["object_id"]) == event["object_id"]
            and wanted.get("parent", event["parent"]) == event["parent"]
        ]
        return json_reply({"next": None, "results": found[: int(wanted.get("page_size", 50))]})

    def _show(self, event_id: str) -> Reply:
        found = next((event for event in self.events if event["id"] == event_id), None)
        return json_reply(found) if found else problem(404, "Not found.", "not_found")

    def _take_hint(self, request: Received) -> Reply:
        signature = dict(
            part.split("=", 1) for part in request.headers["dj-actions-signature"].split(",")
        )
        signed = f"{signature['t']}.".encode() + request.body
        expected = hmac.new(HINT_SECRET.encode(), signed, hashlib.sha256).hexdigest()
        age = abs(time.time() - int(signature["t"]))
        if age > MAX_HINT_AGE or not hmac.compare_digest(expected, signature["v1"]):
            return problem(403, "The signature is wrong or too old.", "permission_denied")
        self.hints.append(request.data)
        return json_reply({}, status=202)


class _Handler(BaseHTTPRequestHandler):
    server: ApiServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""

    def _serve(self) -> None:
        url = urlsplit(self.path)
        received = Received(
            method=self.command,
            path=url.path,
            query=parse_qs(url.query),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
        )
        self.server.requests.append(received)
        reply = self.server.reply_to(received)
        if reply.pause:
            self.server.closing.wait(reply.pause)
        self.close_connection = True
        if reply.cut or (reply.pause and self.server.closing.is_set()):
            return
        self.send_response(reply.status)
        for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)
