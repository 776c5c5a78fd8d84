"""How a body arrives: in one piece, in chunks, or cut short."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from base64 import b64encode
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.http.parser import RequestParser  # type: ignore[import-untyped]
from gunicorn.http.wsgi import create  # type: ignore[import-untyped]
from rest_framework.authentication import SessionAuthentication
from rest_framework.test import APIClient

from dj_actions.models import ActionEvent
from example.todos.models import Todo
from tests.conftest import Declare, MakeUser, Serve
from tests.fixtures.calls import url_of

pytestmark = pytest.mark.django_db(transaction=True)  # a request closes old connections

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
BODIES = {
    JSON: b'{"note": "in chunks"}',
    FORM: b"note=in+chunks",
    MULTIPART: b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nin chunks\r\n--x--\r\n',
}
Communicator: Any = ApplicationCommunicator
ANYTHING = {"type": "object", "properties": {"note": {"type": "string"}}}
PEER = ("127.0.0.1", 1)


@pytest.fixture
def seen(declare: Declare, serve: Serve) -> list[Any]:
    """What an action, served at `/things/`, has received."""
    found: list[Any] = []
    declare(lambda _, data: found.append(data.get("note")), input=ANYTHING)
    serve()
    return found


def in_chunks(body: bytes, *, size: int = 7) -> bytes:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in [*parts, b""])


def over_gunicorn(url: str, kind: str, body: bytes, **headers: str) -> tuple[int, Any]:
    """Send a request to the application through gunicorn's own parser, and return the response."""
    ours, theirs = socket.socketpair()
    fields = {"Host": "testserver", "Content-Type": kind, **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())

    def send() -> None:
        with theirs:
            theirs.sendall(f"POST {url} HTTP/1.1\r\n{head}\r\n".encode() + body)

    sender = threading.Thread(target=send)
    sender.start()
    with ours:
        config = Config()
        request = next(RequestParser(config, ours, PEER))
        _, environ = create(request, ours, PEER, PEER, config)
        status: list[str] = []
        application: Any = get_wsgi_application()
        response = application(environ, lambda line, _headers: status.append(line))
        content = b"".join(response)
        while ours.recv(65536):
            pass
    sender.join()
    return int(status[0].split()[0]), json.loads(content)


def over_asgi(url: str, kind: str, *parts: bytes) -> int:
    """Send a body in parts to the application over ASGI, and return the status."""
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": url,
        "query_string": b"",
        "headers": [(b"host", b"testserver"), (b"content-type", kind.encode())],
    }

    async def send() -> int:
        communicator: Any = Communicator(get_asgi_application(), scope)
        for number, part in enumerate(parts, start=1):
            more = number < len(parts)
            await communicator.send_input({"type": "http.request", "body": part, "more_body": more})
        started = await communicator.receive_output(30)
        await communicator.receive_output(30)
        await communicator.wait(30)
        status: int = started["status"]
        return status

    return asyncio.run(send())


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_in_chunks_is_read(seen: list[Any], todo: Todo, kind: str) -> None:
    body = in_chunks(BODIES[kind])
    status, _ = over_gunicorn(url_of(todo), kind, body, Transfer_Encoding="chunked")

    assert (status, seen) == (200, ["in chunks"])


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_with_a_length_is_read(seen: list[Any], todo: Todo, kind: str) -> None:
    length = str(len(BODIES[kind]))
    status, _ = over_gunicorn(url_of(todo), kind, BODIES[kind], Content_Length=length)

    assert (status, seen) == (200, ["in chunks"])


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_in_parts_is_read_over_asgi(seen: list[Any], todo: Todo, kind: str) -> None:
    body = BODIES[kind]

    assert over_asgi(url_of(todo), kind, body[:9], body[9:]) == 200
    assert seen == ["in chunks"]


def test_a_request_without_a_body_has_none(seen: list[Any], todo: Todo) -> None:
    assert over_gunicorn(url_of(todo), JSON, b"")[0] == 200
    assert over_gunicorn(url_of(todo), JSON, in_chunks(b""), Transfer_Encoding="chunked")[0] == 200
    assert seen == [None, None]


def test_chunks_are_counted(seen: list[Any], todo: Todo, settings: LazySettings) -> None:
    body = in_chunks(b" " * 5_000_000 + BODIES[JSON], size=50_000)
    status, answer = over_gunicorn(url_of(todo), JSON, body, Transfer_Encoding="chunked")

    assert (status, seen) == (413, [])
    assert "more than 1048576 bytes" in answer["detail"]
    settings.DJ_ACTIONS = {"MAX_BODY_BYTES": len(BODIES[JSON])}
    body = in_chunks(BODIES[JSON])
    assert over_gunicorn(url_of(todo), JSON, body, Transfer_Encoding="chunked")[0] == 200


def test_parts_are_counted_over_asgi(seen: list[Any], todo: Todo) -> None:
    assert over_asgi(url_of(todo), JSON, b" " * 2_000_000, BODIES[JSON]) == 413
    assert seen == []


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("cut", [0, 1, 5])
def test_a_body_that_is_cut_short_is_refused(
    seen: list[Any], todo: Todo, kind: str, cut: int
) -> None:
    body, length = BODIES[kind], str(len(BODIES[kind]))
    chunks = in_chunks(body)
    refused = [
        over_gunicorn(url_of(todo), kind, body[: -cut - 1], Content_Length=length),
        over_gunicorn(url_of(todo), kind, chunks[: -6 - cut], Transfer_Encoding="chunked"),
        over_gunicorn(url_of(todo), kind, b"zz\r\n", Transfer_Encoding="chunked"),
    ]

    assert [status for status, _ in refused] == [400] * 3
    assert seen == []


def test_so_it_is_where_the_check_for_forged_requests_has_read_it(
    seen: list[Any], todo: Todo, serve: Serve, make_user: MakeUser
) -> None:
    make_user("carl", password="carl")
    serve(authentication_classes=[SessionAuthentication])
    client = APIClient(enforce_csrf_checks=True)
    client.login(username="carl", password="carl")
    client.get("/things/")
    cookies = f"sessionid={client.cookies['sessionid'].value}; csrftoken={'a' * 32}"
    headers = {"Cookie": cookies, "X_CSRFToken": "a" * 32}

    whole, cut = BODIES[FORM], BODIES[FORM][:-2]
    length = str(len(whole))
    answers = [
        over_gunicorn(url_of(todo), FORM, body, Content_Length=length, **headers)[0]
        for body in (cut, whole)
    ]
    assert answers == [400, 200]
    assert seen == ["in chunks"]


def read_first(get_response: Any) -> Any:
    """Read the body before the view, as a middleware that checks a signature does."""

    def middleware(request: Any) -> Any:
        found_by_middleware.append(request.body)
        return get_response(request)

    return middleware


found_by_middleware: list[bytes] = []


@pytest.mark.parametrize(
    ("headers", "kept", "status"),
    [
        ({"Content_Length": str(len(BODIES[FORM]))}, None, 200),
        ({"Content_Length": str(len(BODIES[FORM]))}, -2, 400),
        # It has seen no body, so none is acted on.
        ({"Transfer_Encoding": "chunked"}, None, 411),
    ],
)
def test_what_a_middleware_has_not_seen_is_not_acted_on(
    seen: list[Any],
    todo: Todo,
    settings: LazySettings,
    headers: dict[str, str],
    kept: int | None,
    status: int,
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.read_first"]
    body = BODIES[FORM][:kept]
    body = in_chunks(body) if "Transfer_Encoding" in headers else body
    found, _ = over_gunicorn(url_of(todo), FORM, body, **headers)

    assert (found, seen) == (status, ["in chunks"] if status == 200 else [])


def test_a_server_that_does_not_mark_the_end_is_given_no_chunks(
    api: APIClient, seen: list[Any], todo: Todo
) -> None:
    # As Django's own: `runserver`.
    response = api.post(url_of(todo), HTTP_TRANSFER_ENCODING="chunked")

    assert (response.status_code, seen) == (411, [])
    assert "Content-Length" in response.json()["detail"]


@pytest.mark.parametrize("length", ["x", "-1", "1e3", "٣"])
def test_a_length_that_is_no_number_is_refused(
    api: APIClient, seen: list[Any], todo: Todo, length: str
) -> None:
    response = api.generic(
        "POST", url_of(todo), BODIES[JSON].decode(), content_type=JSON, CONTENT_LENGTH=length
    )

    assert (response.status_code, seen) == (400, [])


def test_what_a_refused_request_has_sent_in_chunks_is_recorded(
    seen: list[Any], todo: Todo, make_user: MakeUser
) -> None:
    user: User = make_user("carl", password="carl")
    credentials = b64encode(b"carl:carl").decode()
    status, _ = over_gunicorn(
        url_of(todo),
        JSON,
        in_chunks(b'{"note": 7}'),
        Transfer_Encoding="chunked",
        Authorization=f"Basic {credentials}",
    )

    event = ActionEvent.objects.get()
    assert (status, event.status_code, event.actor_id) == (400, 400, str(user.pk))
    assert event.request_data == {"note": 7}
