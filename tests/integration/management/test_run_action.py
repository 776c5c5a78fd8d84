"""manage.py run_action."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.models import Manager, QuerySet

from dj_actions.models import ActionEvent, Delivery
from example.todos.models import Todo
from tests.conftest import Declare, MakeTodo

pytestmark = pytest.mark.django_db

Run = Callable[..., tuple[Any, str]]


@pytest.fixture
def run() -> Run:
    """Return a function that runs the command; its result is the response and what it says."""

    def run(*arguments: Any) -> tuple[Any, str]:
        out, err = io.StringIO(), io.StringIO()
        call_command("run_action", *map(str, arguments), stdout=out, stderr=err)
        return json.loads(out.getvalue()), err.getvalue()

    return run


def test_it_runs_the_action_as_a_user_and_prints_the_event(run: Run, todo: Todo, ann: User) -> None:
    data = '{"note": "from the shell"}'
    answer, said = run("todo", "mark_done", "--pk", todo.pk, "--data", data, "--as", "ann")

    event = ActionEvent.objects.get()
    assert answer == {"id": todo.pk}
    assert said == f"Recorded as event {event.pk}, for memory.\n"
    assert (event.actor_label, event.request_data) == ("ann", {"note": "from the shell"})
    todo.refresh_from_db()
    assert todo.done


def test_without_a_user_the_system_acts(run: Run, todo: Todo) -> None:
    run("todo", "mark_done", "--pk", todo.pk)

    assert ActionEvent.objects.get().actor_id is None


def test_a_bulk_action_takes_several_keys(run: Run, make_todo: MakeTodo) -> None:
    todos = [make_todo(), make_todo()]
    answer, _ = run("todo", "bulk_mark_done", "--pk", todos[1].pk, "--pk", todos[0].pk)

    assert answer == {"meta": {}, "results": [{"id": todos[1].pk}, {"id": todos[0].pk}]}
    assert Todo.objects.filter(done=True).count() == 2


def test_a_dry_run_shows_what_would_happen(run: Run, todo: Todo) -> None:
    answer, said = run("todo", "mark_done", "--pk", todo.pk, "--dry-run")

    assert answer == {"id": todo.pk}
    assert said == "Dry run: nothing was changed. It would be published to memory.\n"
    assert not ActionEvent.objects.exists()
    assert not Delivery.objects.exists()
    todo.refresh_from_db()
    assert not todo.done


def test_a_repeated_call_is_not_run_again(run: Run, todo: Todo) -> None:
    arguments = ("todo", "mark_done", "--pk", todo.pk, "--idempotency-key", "nightly-1")
    first, _ = run(*arguments)
    second, said = run(*arguments)

    assert second == first
    assert said.startswith("Not run again: this is the response of event ")
    assert ActionEvent.objects.count() == 1


def test_the_data_may_be_read_from_a_file_or_standard_input(
    run: Run, todo: Todo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "data.json"
    file.write_text('{"note": "ünï"}', encoding="utf-8")
    run("todo", "mark_done", "--pk", todo.pk, "--data", f"@{file}")
    monkeypatch.setattr("sys.stdin", io.StringIO('{"note": "piped"}'))
    run("todo", "mark_done", "--pk", todo.pk, "--data", "-")

    notes = [event.request_data["note"] for event in ActionEvent.objects.order_by("pk")]
    assert notes == ["ünï", "piped"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("todo", "mark_dnoe"), r"no action todo\.mark_dnoe\. Did you mean 'todo\.mark_done'\?"),
        (
            ("toto", "x"),
            r"Registered actions: .*todo\.bulk_mark_done, todo\.hand_over, todo\.mark_done",
        ),
        (("todo", "mark_done"), "acts on one object: give --pk exactly once"),
        (
            ("todo", "mark_done", "--pk", "1", "--pk", "2"),
            "acts on one object: give --pk exactly once",
        ),
        (("todo", "bulk_mark_done"), "requires --pk, once per object"),
        (("todo", "mark_done", "--pk", "x"), "--pk 'x' is not a valid primary key of todo"),
        (("todo", "mark_done", "--pk", "999999"), "There is no todo with the primary key '999999'"),
        (("todo", "mark_done", "--pk", "{pk}", "--as", "eve"), "There is no user 'eve'"),
        (("todo", "mark_done", "--pk", "{pk}", "--data", "{"), "--data is not valid JSON"),
        (("todo", "mark_done", "--pk", "{pk}", "--data", "@/no/such"), "Cannot read --data"),
        (("todo", "mark_done", "--pk", "{pk}", "--data", "[]"), "must be a JSON object, not list"),
        (
            ("todo", "mark_done", "--pk", "{pk}", "--as", "bob"),
            r'Refused with status 403: "This todo belongs to someone else\."',
        ),
        (
            ("todo", "mark_done", "--pk", "{pk}", "--data", '{"note": {}}'),
            r'Refused with status 400: \{"note": \["Not a valid string\."\]\}',
        ),
    ],
)
def test_an_invalid_argument_is_reported_with_what_to_do(
    run: Run, todo: Todo, bob: User, arguments: tuple[str, ...], message: str
) -> None:
    filled = [argument.replace("{pk}", str(todo.pk)) for argument in arguments]

    with pytest.raises(CommandError, match=message):
        run(*filled)
    assert not ActionEvent.objects.succeeded().exists()


def test_an_action_that_finds_its_objects_itself_takes_none(run: Run, declare: Declare) -> None:
    declare(lambda *_: [], bulk=True, requires_objects=False)
    assert run("todo", "poke")[0] == {"meta": {}, "results": []}

    with pytest.raises(CommandError, match="omit --pk"):
        run("todo", "poke", "--pk", 1)


class Visible(Manager[Todo]):
    """Hides todos that are done, as a manager hides objects that were deleted softly."""

    def get_queryset(self) -> QuerySet[Todo]:
        return super().get_queryset().filter(done=False)


@pytest.mark.parametrize("action", ["mark_done", "bulk_mark_done"])
def test_what_the_default_manager_hides_is_not_found(
    run: Run, make_todo: MakeTodo, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    hidden, visible = make_todo(done=True), make_todo()
    manager: Any = Visible()
    manager.model = Todo
    monkeypatch.setattr(Todo._meta, "default_manager", manager)

    with pytest.raises(CommandError, match="There is no todo"):
        run("todo", action, "--pk", hidden.pk)
    run("todo", action, "--pk", visible.pk)
    assert ActionEvent.objects.get().object_ids == [str(visible.pk)]
