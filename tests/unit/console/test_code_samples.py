"""Texts to paste say exactly what the call was, whatever characters it has."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
from typing import Any

import pytest

from dj_actions.console.screens.code_samples import Call, curl, json_text, python, run_action
from dj_actions.registry import registry

HOSTILE = (
    "it's",
    'say "hi"',
    "$(touch /tmp/never) `id` $HOME !! \\ \\\\",
    "two\nlines\r\n\tand a tab",
    "'; import os; os.abort() #",
    '"""',
    "{braces} %s %(name)s {{ more }}",
    "-rf --data=@/etc/passwd",
    "@/etc/passwd",
    "ä 漢字 🎉",
    "\u202egnp.exe \u2066 \u200b",
    "",
)

URL = "https://example.com/todos/7/actions/mark_done/"


def call_with(text: str, **changes: Any) -> Call:
    values: dict[str, Any] = {
        "definition": registry.get("todo", "mark_done"),
        "keys": (text,),
        "data": {"note": text, text: [text, {"deep": text}, None, True, 1.5]},
        "username": text,
    }
    return Call(**(values | changes))


def arguments_of(command: str, program: str) -> list[str]:
    """Return what a shell calls a program with."""
    script = f"{program}() {{ printf '%s\\0' \"$@\"; }}\n{command}\n"
    done = subprocess.run(
        [str(shutil.which("bash")), "--norc", "-c", script],
        env={"TOKEN": "t0k en", "HOME": "/nowhere", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == b""
    return done.stdout.decode().removesuffix("\0").split("\0")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_shell_sends_what_the_curl_command_shows(text: str) -> None:
    call = call_with(text)
    arguments = arguments_of(curl(call, URL), "curl")

    assert arguments[:3] == ["-X", "POST", URL]
    assert json.loads(arguments[arguments.index("-d") + 1]) == call.data
    assert "Authorization: Token t0k en" in arguments


@pytest.mark.parametrize("text", HOSTILE)
def test_a_shell_runs_what_the_command_shows(text: str) -> None:
    call = call_with(text)
    arguments = arguments_of(run_action(call), "python")

    assert arguments[:4] == ["manage.py", "run_action", "todo", "mark_done"]
    assert f"--pk={text}" in arguments
    assert json.loads(arguments[arguments.index("--data") + 1]) == call.data
    assert (f"--as={text}" in arguments) is bool(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_program_has_the_values_as_literals(text: str) -> None:
    call = call_with(text)
    tree = ast.parse(python(call, f"{URL}?{text}"))
    (request,) = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "requests.post"
    )
    sent = {keyword.arg: keyword.value for keyword in request.keywords}

    assert ast.literal_eval(request.args[0]) == f"{URL}?{text}"
    assert ast.literal_eval(sent["json"]) == call.data
    assert len(tree.body) == 5


@pytest.mark.parametrize("text", HOSTILE)
def test_no_character_is_other_than_it_looks(text: str) -> None:
    call = call_with(text)
    lines = f"{json_text(call.data)}{python(call, URL)}".replace("\n", "")
    assert lines.isprintable()


def test_a_bulk_action_sends_its_keys() -> None:
    definition = registry.get("todo", "bulk_mark_done")
    call = Call(definition=definition, keys=("7", "8"), data={"note": "x"})
    assert call.body == {"ids": ["7", "8"], "note": "x"}
    assert "--pk=7 --pk=8 --data" in run_action(call)


def test_without_an_object_its_place_is_shown() -> None:
    call = call_with("x", keys=(), username="")
    assert call.path == "/todos/KEY/actions/mark_done/"
    assert "--pk=KEY" in run_action(call)
