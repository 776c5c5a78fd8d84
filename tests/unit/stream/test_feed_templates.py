"""Templates are filled with the values of a message."""

from __future__ import annotations

from typing import Any

import pytest
from dj_actions_stream.feed_templates import FeedTemplate

from dj_actions.messages import Actor, Message
from dj_actions.publishers.templates import MissingValue, Template
from dj_actions.testing.contract import make_message

RICH = make_message(
    data={
        "team_id": 5,
        "watchers": [2, 3],
        "nested": {"ids": ["a"]},
        "empty": None,
        "flag": True,
        "pin": "[redacted]",
    },
    extra={"list": {"id": "groceries"}},
    result=[{"id": 7}],
    options={"object_label": "Buy milk"},
)


def feeds(template: str, message: Message = RICH) -> list[str]:
    """Return the feeds of a template."""
    return [str(feed) for feed in FeedTemplate.parse(template).feeds(message)]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("user:{actor}", ["user:1"]),
        ("user:{actor.id}", ["user:1"]),
        ("name:{actor.label}", ["name:ann"]),
        ("todo:{object}", ["todo:7"]),
        ("{resource}:{object.id}", ["todo:7"]),
        ("{action}:all", ["mark_done:all"]),
        ("log:{resource}-{action}-{object}", ["log:todo-mark_done-7"]),
        ("team:blue", ["team:blue"]),
        ("team:{data.team_id}", ["team:5"]),
        ("user:{data.watchers}", ["user:2", "user:3"]),
        ("x:{data.nested.ids.0}", ["x:a"]),
        ("list:{extra.list.id}", ["list:groceries"]),
        ("x:{result.0.id}", ["x:7"]),
        ("x:{data.empty?}", []),
        ("x:{data.missing.deeper?}", []),
        ("x:{data.pin?}", []),
        ("todo:{object_ids}", ["todo:7"]),
        ("user:{data.watchers}-{data.team_id}", ["user:2-5", "user:3-5"]),
    ],
)
def test_a_feed_is_named_by_the_message(template: str, expected: list[str]) -> None:
    assert feeds(template) == expected


@pytest.mark.parametrize("template", ["x:{data.empty}", "x:{extra.missing}", "x:{result.9.id}"])
def test_a_value_that_is_not_there_is_named(template: str) -> None:
    with pytest.raises(MissingValue, match=r"it has no \w+\.[\w.]+; write"):
        feeds(template)


def test_what_stands_for_a_sensitive_value_names_no_feed() -> None:
    with pytest.raises(MissingValue, match=r"its data\.pin is or contains a sensitive field"):
        feeds("user:{data.pin}")


def test_an_empty_list_names_no_feed() -> None:
    assert feeds("user:{data.watchers}", make_message(data={"watchers": []})) == []


def test_a_bulk_message_fills_in_all() -> None:
    assert feeds("todo:{object}", make_message(object_id=None)) == ["todo:all"]


def test_a_message_without_an_actor_fills_in_the_system() -> None:
    assert feeds("user:{actor}", make_message(actor=None)) == ["user:system"]


def test_a_key_that_stream_rejects_is_made_safe() -> None:
    message = make_message(actor=Actor(id="ann@example.com", label=""))

    assert feeds("user:{actor}", message) == ["user:ann_example_com--71d4f55f72fa"]


def test_a_value_cannot_choose_another_group() -> None:
    (feed,) = FeedTemplate.parse("user:{object}").feeds(make_message(object_id="admin:1"))

    assert feed.slug == "user"


def test_a_resource_that_is_no_group_is_made_one() -> None:
    assert feeds("{resource}:{object}", make_message(resource="my-todo")) == ["my_todo:7"]


@pytest.mark.parametrize(
    "template",
    [
        *("", "user", "user:", ":{actor}", "user:{}", "user:{0}", "user:{who}", "user:{actor"),
        *("user:{actor.name}", "user:{actor[id]}", "user:{data}", "user:{actor!r}"),
        *("user:{actor:>3}", "us-er:{actor}", "{data.group}:1", "user:{action.id}"),
        *(None, 7, ["user:1"]),
    ],
)
def test_a_malformed_template_is_refused(template: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        FeedTemplate.parse(template)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{summary}", "ann finished Buy milk"),
        ("{object.label}", "Buy milk"),
        ("{actor.label} did {action}", "ann did mark_done"),
        ("{data.flag}", "true"),
        ("{data.watchers}", "2, 3"),
        ("{data.empty?}", ""),
        ("", ""),
        ("{{}}", "{}"),
    ],
)
def test_a_text_is_filled(template: str, text: str) -> None:
    assert Template.parse(template).text(RICH) == text
