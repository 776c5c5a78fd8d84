"""What an action emits and returns is recorded."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy

from dj_actions.context import ActionContext
from dj_actions.exceptions import InvalidAction
from example.todos.models import Todo
from tests.conftest import Declare
from tests.integration.execution.finishing import assert_untouched, finish

pytestmark = pytest.mark.django_db


def test_what_is_emitted_is_recorded(declare: Declare, todo: Todo) -> None:
    def perform(context: ActionContext, _data: dict[str, Any]) -> None:
        context.emit(summary="first", recipients=["user:1"], extra={"at": date(2026, 1, 2)})
        context.emit(
            summary="second", recipients=["user:1", "user:2"], extra={"n": Decimal("1.50")}
        )

    event = declare(perform).run(object=todo).event
    event.refresh_from_db()

    assert event.summary == "second"
    assert event.recipients == ["user:1", "user:2"]
    assert event.extra == {"at": "2026-01-02", "n": "1.50"}


def test_a_translated_summary_is_recorded_as_text(declare: Declare, todo: Todo) -> None:
    def perform(context: ActionContext, _data: dict[str, Any]) -> None:
        context.emit(summary=gettext_lazy("done"))  # type: ignore[arg-type]  # as people do

    event = declare(perform).run(object=todo).event
    event.refresh_from_db()

    assert event.summary == "done"


@pytest.mark.parametrize(
    ("length", "recorded"), [(10_000, "s" * 10_000), (10_001, "s" * 9_999 + "…")]
)
def test_a_summary_that_is_too_long_is_cut_and_says_so(
    declare: Declare, todo: Todo, length: int, recorded: str
) -> None:
    def perform(context: ActionContext, _data: dict[str, Any]) -> None:
        context.emit(summary="s" * length)

    event = declare(perform).run(object=todo).event
    event.refresh_from_db()

    assert event.summary == recorded


class Colour(Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "recorded"),
    [
        (Decimal("1.10"), "1.10"),
        (datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), "2026-01-02T03:04:05.678Z"),
        (date(2026, 1, 2), "2026-01-02"),
        (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        ({7}, [7]),
        (frozenset({"a"}), ["a"]),
        ((1, 2), [1, 2]),
        ({1: "a", None: "b"}, {"1": "a", "null": "b"}),
        (Colour.RED, "red"),
        (gettext_lazy("x"), "x"),
        (ContentFile(b"x", name="cat.png"), "cat.png"),
        (Todo(pk=7), 7),
        ({"deep": [Todo(pk=7)]}, {"deep": [7]}),
        (10**30, 10**30),
    ],
    ids=lambda value: type(value).__name__,
)
def test_odd_results_become_json(declare: Declare, todo: Todo, value: Any, recorded: Any) -> None:
    event = declare(lambda *_: {"value": value}, output=False).run(object=todo).event
    event.refresh_from_db()

    assert event.response_data == {"value": recorded}


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), b"bytes", object(), lambda: 1, {(1, 2): 3}, (n for n in "ab")],
    ids=lambda value: type(value).__name__,
)
def test_a_result_that_json_cannot_hold_is_rolled_back(
    declare: Declare, todo: Todo, value: Any
) -> None:
    def perform(context: ActionContext, data: dict[str, Any]) -> Any:
        finish(context, data)
        return {"value": value}

    with pytest.raises(InvalidAction, match="must be storable as JSON"):
        declare(perform, output=False).run(object=todo)
    assert_untouched(todo)


def test_a_result_that_holds_itself_is_rolled_back(declare: Declare, todo: Todo) -> None:
    loop: list[Any] = []
    loop.append(loop)

    with pytest.raises(InvalidAction, match="must be storable as JSON"):
        declare(lambda *_: loop, output=False).run(object=todo)


@pytest.mark.parametrize("text", ["\x00", "\ud800"])
def test_a_result_that_the_database_cannot_hold_is_rolled_back(
    declare: Declare, todo: Todo, text: str
) -> None:
    with pytest.raises(InvalidAction, match="must be storable as JSON"):
        declare(lambda *_: {"value": text}, output=False).run(object=todo)
    assert_untouched(todo)
