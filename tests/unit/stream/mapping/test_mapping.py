"""Messages become effects as actions, routes and OPTIONS declare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from dj_actions_stream import Activity, Effect, EffectKind, Feed
from dj_actions_stream.mapping.message_mapping import MessageMapping
from django.contrib.auth.models import User

from dj_actions.exceptions import DestinationNotFound, PublisherMisconfigured, PublishRejected
from dj_actions.messages import Message
from dj_actions.testing.contract import make_message

DATA = {"note": "bought two", "team_id": 5, "secret": "hush"}


class TodoActivity(Activity):
    """Everything declared."""

    actor = "member:{actor.id}"
    verb = "finish"
    object = "app.Todo:{object}"
    target = "team:{data.team_id}"
    feeds = ("user:{actor}", "team:{data.team_id}")
    to = ("log:all",)
    object_label = "{result.title}"
    target_label = "Team {data.team_id}"
    summary = "{actor.label} finished {result.title}"
    data = ("note", "missing")
    result = ("done",)
    extra = ("tags",)


class WithMethods(Activity):
    """Methods instead of templates."""

    def verb(self, message: Message) -> str:
        return message.action.replace("mark_", "")

    def feeds(self, message: Message) -> Iterable[Any]:
        return [Feed("team", message.data["team_id"]), User(pk=4)]

    def to(self, message: Message) -> Iterable[Any]:
        return (f"user:{number}" for number in (8, 9))


def effects(message: Message, **options: Any) -> tuple[Effect, ...]:
    """Return the effects of a message."""
    return MessageMapping(alias="feeds", **options).effects(message)


def effect(message: Message, **options: Any) -> Effect:
    """Return the only effect of a message."""
    (found,) = effects(message, **options)
    return found


def feeds_of(found: Effect) -> list[str]:
    return list(map(str, found.feeds))


def targets_of(found: Effect) -> list[str]:
    return list(map(str, found.to))


def test_everything_can_be_declared() -> None:
    message = make_message(data=DATA, result={"done": True, "title": "Milk"}, extra={"tags": ["x"]})
    found = effect(message, activity=TodoActivity)

    assert (found.actor, found.verb, found.object, found.target) == (
        "member:1",
        "finish",
        "app.Todo:7",
        "team:5",
    )
    assert feeds_of(found) == ["user:1", "team:5"]
    assert targets_of(found) == ["log:all"]
    assert found.labels == {"actor": "ann", "object": "Milk", "target": "Team 5"}
    assert found.summary == "ann finished Milk"
    assert found.extra == {
        "data": {"note": "bought two"},
        "result": {"done": True},
        "extra": {"tags": ["x"]},
    }


def test_methods_replace_templates() -> None:
    found = effect(make_message(data=DATA), activity=WithMethods)

    assert found.verb == "done"
    assert feeds_of(found) == ["team:5", "user:4"]
    assert targets_of(found) == ["user:8", "user:9"]


def test_a_declaration_may_be_a_dotted_path() -> None:
    path = f"{__name__}.{TodoActivity.__name__}"
    message = make_message(data=DATA, result={"title": "Milk"})

    assert effect(message, activity=path).verb == "finish"


def test_each_pattern_may_have_a_declaration() -> None:
    activity = {"list.*": TodoActivity, "todo.mark_*": WithMethods}

    assert effect(make_message(data=DATA), activity=activity).verb == "done"
    assert effect(make_message(action="open"), activity=activity).verb == "open"


def test_a_function_gets_the_default_effect() -> None:
    def activity(message: Message, default: Effect) -> Effect:
        return replace(default, verb=f"{default.verb}!", summary=message.label)

    found = effect(make_message(), activity=activity)
    assert (found.verb, found.summary) == ("mark_done!", "todo.mark_done")


def test_a_function_may_name_feeds_by_strings() -> None:
    def activity(message: Message, default: Effect) -> Effect:
        return replace(default, feeds=(Feed("team", "a b"),), to=["user:2"])  # type: ignore[arg-type]  # as people do

    found = effect(make_message(), activity=activity)
    assert (feeds_of(found), targets_of(found)) == ([Feed("team", "a b")], ["user:2"])


def test_a_function_may_return_several_effects_or_none() -> None:
    def two(message: Message, default: Effect) -> list[Effect]:
        return [default, replace(default, id=f"{default.id}:2")]

    def nothing(message: Message, default: Effect) -> None:
        return None

    message = make_message()
    assert [one.id for one in effects(message, activity=two)] == [
        f"djactions:{message.id}",
        f"djactions:{message.id}:2",
    ]
    assert effects(message, activity=nothing) == ()


def test_a_route_overrides_feeds_targets_and_verb() -> None:
    options = {"feed": ["todo:{object}", "team:{data.team_id}"], "to": ["x:1"], "verb": "{action}d"}
    message = make_message(data=DATA, options=options, recipients=("user:9", "x:1"))
    found = effect(message, feed="user:{actor}", to=["log:all"])

    assert feeds_of(found) == ["todo:7", "team:5"]
    assert targets_of(found) == ["x:1", "user:9"]
    assert found.verb == "mark_doned"


@pytest.mark.parametrize("option", ["feed", "to", "verb"])
def test_a_route_with_a_wrong_template_waits_for_a_right_one(option: str) -> None:
    value = "user:{who}" if option == "feed" else ["user:{who}"] if option == "to" else "{who}"

    with pytest.raises(DestinationNotFound, match=r"\{who\}"):
        effects(make_message(options={option: value}))


@pytest.mark.parametrize("options", [{"feed": "user:{who}"}, {"to": ["user:{who}"]}])
def test_options_with_a_wrong_template_stop_the_lane(options: dict[str, Any]) -> None:
    with pytest.raises(PublisherMisconfigured, match=r"\{who\}"):
        effects(make_message(), **options)


@pytest.mark.parametrize("activity", ["no.such.path", Effect, 7])
def test_options_with_a_wrong_declaration_stop_the_lane(activity: Any) -> None:
    with pytest.raises(PublisherMisconfigured, match="activity"):
        effects(make_message(), activity=activity)


def test_a_message_without_a_value_is_rejected_by_its_name() -> None:
    with pytest.raises(PublishRejected, match=r"todo\.mark_done .* has no data\.team_id"):
        effects(make_message(), feed="team:{data.team_id}")


@pytest.mark.parametrize("name", ["data", "result", "extra"])
def test_a_field_that_was_too_large_to_be_stored_is_not_left_out(name: str) -> None:
    class Choosing(Activity):
        """Chooses a field."""

    setattr(Choosing, name, ("note",))
    message = make_message(**{name: {}, "unstored": {name: 2_000_000}})

    with pytest.raises(PublishRejected, match=f"The {name} of this event has 2000000 bytes"):
        effects(message, activity=Choosing)
    assert effects(message)


def test_a_message_whose_only_feed_is_optional_needs_it() -> None:
    with pytest.raises(PublishRejected, match="has no feed"):
        effects(make_message(), feed="team:{data.team_id?}")


def test_recipients_of_older_events_are_made_safe() -> None:
    found = effect(make_message(recipients=("user:ann@example.com", "user:2")))

    assert targets_of(found) == ["user:ann_example_com--71d4f55f72fa", "user:2"]


class Following(Activity):
    """The actor's timeline follows the object."""

    kind = "follow"
    feeds = "timeline:{actor}"
    to = ("{resource}:{object}",)


def test_a_message_may_be_a_follow() -> None:
    found = effect(make_message(), activity=Following)

    assert (found.kind, feeds_of(found), targets_of(found)) == (
        EffectKind.FOLLOW,
        ["timeline:1"],
        ["todo:7"],
    )


class Removing(Activity):
    """Nothing is added."""

    kind = None
    earlier = "remove"


class Renaming(Activity):
    """Earlier activities get the new name."""

    earlier = {"object_label": "{result.title}", "is_renamed": True}


class Liking(Activity):
    """A reaction to what happened last."""

    kind = "react"
    verb = "like"


EARLIER = [
    make_message(recipients=("user:2",)),
    make_message(options={"feed": "todo:{object}"}),
]


def read_earlier(alias: str, message: Message) -> Iterator[Message]:
    yield from EARLIER


def test_earlier_activities_are_removed_from_where_they_were_added() -> None:
    message = make_message(action="delete")
    activity = {"todo.delete": Removing}
    found = effects(message, activity=activity, read_earlier=read_earlier)

    assert [(one.kind, one.id) for one in found] == [
        (EffectKind.REMOVE, f"djactions:{earlier.id}") for earlier in EARLIER
    ]
    assert [(feeds_of(one), targets_of(one)) for one in found] == [
        (["user:1"], ["user:2"]),
        (["todo:7"], []),
    ]


def test_earlier_activities_get_new_fields() -> None:
    message = make_message(action="rename", result={"title": "Oat milk"})
    activity = {"todo.rename": Renaming}
    *updates, own = effects(message, activity=activity, read_earlier=read_earlier)

    assert [(one.kind, one.id) for one in updates] == [
        (EffectKind.UPDATE, f"djactions:{earlier.id}") for earlier in EARLIER
    ]
    assert updates[0].extra == {"object_label": "Oat milk", "is_renamed": True}
    assert (own.kind, own.id) == (EffectKind.ADD, f"djactions:{message.id}")


def test_a_reaction_is_about_the_newest_earlier_activity() -> None:
    message = make_message(action="like")
    message = replace(message, occurred_at=message.occurred_at + timedelta(days=1))
    found = effect(message, activity={"todo.like": Liking}, read_earlier=read_earlier)

    assert (found.kind, found.verb, found.id, found.time, found.event_id) == (
        EffectKind.REACT,
        "like",
        f"djactions:{EARLIER[0].id}",
        EARLIER[0].occurred_at,
        str(message.id),
    )


def test_without_an_earlier_activity_there_is_nothing_to_react_to() -> None:
    with pytest.raises(PublishRejected, match="no earlier activity"):
        effects(
            make_message(action="like"),
            activity={"todo.like": Liking},
            read_earlier=lambda _alias, _message: iter(()),
        )
