"""The hook, against a project on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from api_server import ApiServer, Reply, json_reply, problem
from dj_actions_airflow_provider.api_requests import ActionCall
from dj_actions_airflow_provider.errors import InvalidConnection, RequestFailed, RequestRefused
from dj_actions_airflow_provider.hooks import DjActionsHook
from dj_actions_airflow_provider.waiting import Condition

Connect = Callable[..., None]

PARENT = "0198c0de-0000-7000-8000-00000000000f"
DONE = ActionCall(resource="todo", action="mark_done", object_id=7, data={"note": "x"})


def test_an_action_runs_on_one_object(api: ApiServer, connect: Connect) -> None:
    outcome = DjActionsHook().run_action(DONE)

    [request] = api.requests
    assert (request.method, request.path) == ("POST", "/todos/7/actions/mark_done/")
    assert request.data == {"note": "x"}
    assert outcome.as_dict() == {
        "event": api.events[0]["id"],
        "status": 200,
        "result": {"done": True},
        "replayed": False,
    }


def test_an_action_runs_on_many_objects(api: ApiServer, connect: Connect) -> None:
    call = ActionCall(
        resource="todo", action="bulk_mark_done", object_ids=[7, "8"], data={"note": "x"}
    )
    DjActionsHook().run_action(call)

    [request] = api.requests
    assert request.path == "/todos/actions/bulk_mark_done/"
    assert request.data == {"ids": [7, "8"], "note": "x"}


def test_a_key_and_a_parent_are_sent(api: ApiServer, connect: Connect) -> None:
    hook = DjActionsHook()
    call = ActionCall(
        resource="todo", action="remind", object_id="7", idempotency_key="a/b", parent=PARENT
    )
    first, second = hook.run_action(call), hook.run_action(call)

    assert api.events[0]["parent"] == PARENT
    assert (first.replayed, second.replayed) == (False, True)
    assert first.event == second.event
    assert len(api.events) == 1


@pytest.mark.parametrize("key", ["d/r/tägs/-1", "x" * 256, "a\nb", " a"])
def test_a_key_that_the_project_would_refuse_is_sent_as_its_hash(
    api: ApiServer, connect: Connect, key: str
) -> None:
    DjActionsHook().run_action(
        ActionCall(resource="todo", action="remind", object_id="7", idempotency_key=key)
    )

    sent = api.requests[0].headers["idempotency-key"]
    assert sent.startswith("sha256:")
    assert sent.isascii()
    assert len(sent) <= 255


def test_an_id_is_quoted(api: ApiServer, connect: Connect) -> None:
    DjActionsHook().run_action(ActionCall(resource="todo", action="remind", object_id='["a/b", 1]'))

    assert api.requests[0].path == "/todos/%5B%22a%2Fb%22%2C%201%5D/actions/remind/"


def test_values_without_a_form_in_json_become_text(api: ApiServer, connect: Connect) -> None:
    data = {"at": datetime(2026, 11, 27, tzinfo=UTC), "id": UUID(PARENT), "price": Decimal("1.10")}
    DjActionsHook().run_action(
        ActionCall(resource="todo", action="remind", object_id="7", data=data)
    )

    assert api.requests[0].data == {
        "at": "2026-11-27T00:00:00+00:00",
        "id": PARENT,
        "price": "1.10",
    }


@pytest.mark.parametrize("value", [object(), float("nan")])
def test_data_that_is_no_json_is_refused(connect: Connect, value: object) -> None:
    call = ActionCall(resource="todo", action="remind", object_id="7", data={"x": value})
    with pytest.raises(RequestRefused, match="cannot be sent as JSON"):
        DjActionsHook().run_action(call)


def test_a_parent_that_is_no_event_is_refused(connect: Connect) -> None:
    call = ActionCall(resource="todo", action="remind", object_id="7", parent="{{ run }}")
    with pytest.raises(RequestRefused, match="is not the id of an event"):
        DjActionsHook().run_action(call)


def test_a_resource_without_a_path_is_named(connect: Connect) -> None:
    with pytest.raises(InvalidConnection, match="path of the resource 'user' is unknown"):
        DjActionsHook().run_action(ActionCall(resource="user", action="invite", object_id=1))


def test_a_path_of_the_call_goes_first(api: ApiServer, connect: Connect) -> None:
    call = ActionCall(resource="user", action="remind", object_id=1, path="/todos")
    DjActionsHook().run_action(call)

    assert api.requests[0].path == "/todos/1/actions/remind/"


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (problem(401, "Invalid token."), "401 Unauthorized. Invalid token. Is the token"),
        (problem(403, "Not yours."), "403 Forbidden. Not yours. May the token call this"),
        (problem(404, "Not found."), "404 Not Found. Not found. Are the host"),
        (
            problem(400, "Invalid input.", errors=[{"pointer": "#/note", "detail": "Too long."}]),
            "400 Bad Request. note: Too long.",
        ),
        (json_reply({"note": ["Too long."]}, 400), '400 Bad Request. {"note": ["Too long."]}'),
        (problem(422, "Used.", "idempotency_key_reused"), "was tried before with other input"),
        (problem(409, "Too long a chain.", "chain_too_long"), "409 Conflict. Too long a chain."),
        (problem(412, "Changed."), "412 Precondition Failed. Changed."),
        (Reply(status=302, headers={"Location": "https://x.org/"}), "points to 'https://x.org/'"),
        (
            Reply(body=b"<html>Log in</html>", headers={"Content-Type": "text/html"}),
            "but not by DJ Actions: <html>Log in</html>",
        ),
    ],
)
def test_what_no_retry_changes_fails_the_task(
    api: ApiServer, connect: Connect, reply: Reply, message: str
) -> None:
    api.script(reply)
    with pytest.raises(RequestRefused) as caught:
        DjActionsHook().run_action(DONE)

    assert message in str(caught.value)
    assert str(caught.value).startswith(f"POST {api.url}/todos/7/actions/mark_done/ was answered")


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (problem(409, "Still running.", "idempotency_key_in_use"), "409 Conflict. Still running."),
        (problem(409, "Bob has too many.", "too_many_todos"), "Bob has too many."),
        (problem(500, "Oops."), "500 Internal Server Error. Oops."),
        (
            Reply(status=502, body=b"<html>down</html>", headers={"Content-Type": "text/html"}),
            "502 Bad Gateway. <html>down</html>",
        ),
        (Reply(status=429, headers={"Retry-After": "7"}), "It asks to wait 7 seconds."),
        (Reply(body=b'{"a', headers={"Content-Type": "application/json"}), "broken JSON"),
        (Reply(cut=True), "failed: "),
    ],
)
def test_what_may_pass_is_tried_again(
    api: ApiServer, connect: Connect, reply: Reply, message: str
) -> None:
    api.script(reply)
    with pytest.raises(RequestFailed) as caught:
        DjActionsHook().run_action(DONE)

    assert message in str(caught.value)


def test_a_lost_answer_does_not_run_the_action_twice(api: ApiServer, connect: Connect) -> None:
    call = ActionCall(resource="todo", action="remind", object_id="7", idempotency_key="k")
    api.script(Reply(cut=True))
    with pytest.raises(RequestFailed):
        DjActionsHook().run_action(call)

    outcome = DjActionsHook().run_action(call)
    assert outcome.replayed
    assert [event["id"] for event in api.events] == [outcome.event]


def test_an_answer_that_takes_too_long_is_given_up(api: ApiServer, connect: Connect) -> None:
    connect({"timeout": 0.1})
    api.script(Reply(pause=30))
    with pytest.raises(RequestFailed, match="was not answered in time"):
        DjActionsHook().run_action(DONE)


def test_an_answer_that_is_too_large_is_given_up(
    api: ApiServer, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dj_actions_airflow_provider.transport.MAX_BYTES", 1000)
    api.script(json_reply(["x" * 2000]))
    with pytest.raises(RequestFailed, match="more than 1000 bytes"):
        DjActionsHook().run_action(DONE)


def test_a_project_that_is_down_may_be_up_later(api: ApiServer, connect: Connect) -> None:
    connect(host="http://127.0.0.1:9")
    with pytest.raises(RequestFailed, match="failed: "):
        DjActionsHook().run_action(DONE)


def test_a_file_of_certificates_that_is_missing_is_named(connect: Connect) -> None:
    connect({"ca_cert": "/no/such/file.pem"})
    with pytest.raises(InvalidConnection, match=r"ca_cert '/no/such/file.pem'"):
        DjActionsHook().run_action(DONE)


def test_an_event_is_found_by_its_id_and_by_filters(api: ApiServer, connect: Connect) -> None:
    hook = DjActionsHook()
    event = hook.run_action(DONE).event

    assert hook.get_event(event)["action"] == "mark_done"
    found = hook.find_event(Condition(filters={"resource": "todo", "object": "7"}))
    assert found
    assert found["id"] == event
    assert hook.find_event(Condition(filters={"action": "remind"})) is None
    assert api.requests[-1].query["page_size"] == ["1"]


def test_it_can_be_called_without_blocking(api: ApiServer, connect: Connect) -> None:
    async def act() -> tuple[dict[str, Any], Any, Any]:
        hook = DjActionsHook()
        try:
            outcome = await hook.run_action_async(DONE)
            by_id = await hook.find_event_async(Condition(event_id=outcome.event))
            newest = await hook.find_event_async(Condition(filters={"resource": "todo"}))
        finally:
            await hook.close_async()
        return outcome.as_dict(), by_id, newest

    outcome, by_id, newest = asyncio.run(act())
    assert outcome["event"] == by_id["id"] == newest["id"] == api.events[0]["id"]


def test_an_error_without_blocking_is_the_same(api: ApiServer, connect: Connect) -> None:
    connect({"timeout": 0.1})
    api.script(problem(500, "Oops."), Reply(pause=30))

    async def ask_twice() -> None:
        hook = DjActionsHook()
        with pytest.raises(RequestFailed, match="Oops"):
            await hook.get_event_async("1")
        with pytest.raises(RequestFailed, match="in time"):
            await hook.get_event_async("1")
        await hook.close_async()

    asyncio.run(ask_twice())


def test_the_connection_test_lists_what_can_be_called(api: ApiServer, connect: Connect) -> None:
    assert DjActionsHook().test_connection() == (
        True,
        f"Connected to {api.url}. todo: bulk_mark_done, mark_done, remind.",
    )


@pytest.mark.parametrize("replies", [[], [problem(403, "Events are for staff.")]])
def test_the_connection_test_without_paths_tries_the_token(
    api: ApiServer, connect: Connect, replies: list[Reply]
) -> None:
    connect({"paths": {}})
    api.script(*replies)
    ok, message = DjActionsHook().test_connection()

    assert ok
    assert "the token is valid. No paths are set yet." in message


@pytest.mark.parametrize(
    ("extra", "parts", "message"),
    [
        ({}, {"password": "wrong"}, "Invalid token."),
        ({"paths": {"user": "/todos/"}}, {}, "lists the actions of 'todo', not of 'user'"),
        ({"paths": {"todo": "/nothing/"}}, {}, "404 Not Found"),
        ({"tiemout": 1}, {}, "Did you mean 'timeout'?"),
        ({}, {"host": "http://127.0.0.1:9"}, "failed: "),
    ],
)
def test_the_connection_test_says_what_is_wrong(
    connect: Connect, extra: dict[str, Any], parts: dict[str, Any], message: str
) -> None:
    connect(extra, **parts)
    ok, text = DjActionsHook().test_connection()

    assert not ok
    assert message in text
