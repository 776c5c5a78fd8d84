"""Which options of a route are recorded with a delivery."""

from __future__ import annotations

import enum
from collections import OrderedDict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import gettext_lazy
from pytest_django import Settings

from dj_actions.models import Delivery
from example.todos.models import Todo
from tests.conftest import Declare

pytestmark = pytest.mark.django_db

MEMORY = "dj_actions.publishers.memory.MemoryPublisher"


class Room(enum.StrEnum):
    """A string that is more than a string."""

    LOBBY = "lobby"


def nested(levels: int) -> dict[str, Any]:
    """Return a dict in a dict in a dict…."""
    inner: dict[str, Any] = {}
    for _ in range(levels):
        inner = {"deeper": inner}
    return inner


def circular() -> dict[str, Any]:
    """Return a dict that contains itself."""
    value: dict[str, Any] = {}
    value["self"] = value
    return value


@pytest.fixture
def recorded(settings: Settings, declare: Declare, todo: Todo) -> Any:
    def recorded(options: Any, **action: Any) -> Any:
        """Return what is stored with a delivery whose route has these options."""
        entry = {"BACKEND": MEMORY, "ROUTES": {"todo.*": options}}
        settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "PUBLISHERS": {"memory": entry}}
        declare(**action).run(object=todo)
        return Delivery.objects.get().options

    return recorded


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"feed": "user:{actor}"},
        {"a": None, "b": True, "c": 2**53, "d": -0.25, "e": [], "f": [{"g": ["ü", "\U0001f600"]}]},
        {"%s": "'\"\\%"},
        {"limit": 2**63 - 1, "share": 0.1},
        nested(50),
    ],
)
def test_plain_json_is_recorded_unchanged(recorded: Any, options: Any) -> None:
    stored = recorded(options)

    assert stored == options
    assert repr(stored) == repr(options)


@pytest.mark.parametrize(
    "options",
    [
        {"delay": timedelta(hours=1)},
        {"room": Room.LOBBY},
        {"rooms": ("a", "b")},
        {"rooms": {"a"}},
        {"price": Decimal("1.50")},
        {"by_number": {1: "a"}},
        {"title": gettext_lazy("Title")},
        OrderedDict(room="a"),
        {"call": print},
        {"text": "a\x00b"},
        {"text": "\ud800"},
        {"text\x00": "a"},
        {"number": float("inf")},
        {"number": float("nan")},
        {"number": 1e300},
        {"number": 10**5000},
        nested(2000),
        circular(),
    ],
    ids=lambda options: next(iter(options)).replace("\x00", "0"),
)
def test_what_json_would_change_is_left_to_the_settings(recorded: Any, options: Any) -> None:
    assert recorded(options) is None


@pytest.mark.parametrize("by", ["action", "settings"])
def test_a_sensitive_option_is_not_recorded(recorded: Any, settings: Settings, by: str) -> None:
    options = {"room": "a", "headers": {"Token": "t0p-secret"}}
    if by == "settings":
        settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "SENSITIVE_FIELDS": ["token"]}

    assert recorded(options, **({"sensitive": ("token",)} if by == "action" else {})) is None


def test_each_delivery_of_an_event_has_the_options_of_its_own_publisher(
    settings: Settings, declare: Declare, todo: Todo
) -> None:
    routes: dict[str, Any] = {
        "plain": ["todo.*"],
        "first": {"todo.poke": {"room": "a"}, "todo.*": {"room": "b"}},
        "late": {"todo.*": {"delay": timedelta(1)}},
    }
    settings.DJ_ACTIONS = {
        "PUBLISHERS": {
            alias: {"BACKEND": MEMORY, "ROUTES": entry, "ORDERING": ordering}
            for (alias, entry), ordering in zip(
                routes.items(), ["none", "key", "none"], strict=True
            )
        }
    }
    declare().run(object=todo)

    assert dict(Delivery.objects.values_list("publisher", "options")) == {
        "plain": {},
        "first": {"room": "a"},
        "late": None,
    }
