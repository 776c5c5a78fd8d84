"""Errors in a configuration or a message are reported before a request is sent."""

from __future__ import annotations

from typing import Any

import pytest
from dj_actions_stream import Activity, StreamPublisher
from pytest_django import Settings

from dj_actions.exceptions import PublisherMisconfigured, PublishRejected
from dj_actions.messages import Message, Receipt
from dj_actions.testing.contract import make_message

SECRET = "a-secret-of-more-than-thirty-two-bytes"


def make_publisher(**options: Any) -> StreamPublisher:
    """Return a publisher whose server does not exist."""
    options = {"api_key": "key", "api_secret": SECRET, "base_url": "http://127.0.0.1:1"} | options
    return StreamPublisher(alias="feeds", **options)


def findings(**options: Any) -> list[tuple[str | None, str]]:
    """Return the ids and messages of check()."""
    return [(found.id, str(found.msg)) for found in make_publisher(**options).check()]


def route_findings(**options: Any) -> list[str | None]:
    """Return the ids of the check messages about a route."""
    return [found.id for found in make_publisher().check_route(options, "The route")]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"base_url": None},
        {"base_url": None, "location": "us-east"},
        {"base_url": "https://stream.example.com/"},
        {"base_url": "http://[::1]:9000"},
        {"feed": "{resource}:{object}", "to": ["team:blue", "user:{actor}"]},
    ],
)
def test_a_good_configuration_has_no_findings(options: dict[str, Any]) -> None:
    assert findings(**options) == []


@pytest.mark.parametrize("name", ["api_key", "api_secret"])
def test_an_empty_credential_is_named(name: str) -> None:
    where = 'DJ_ACTIONS["PUBLISHERS"]["feeds"]["OPTIONS"]'

    assert findings(**{name: ""}) == [("dj_actions_stream.E001", f"{where}: {name} is empty.")]


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "localhost:9000",
        "feeds",
        "http://",
        "ftp://feeds",
        "http://feeds/api",
        "http://feeds?x=1",
        "http://feeds#x",
        "http://[::1",
        "http://feeds:port",
        "http://feeds:99999",
        "http://ann:word@feeds",
        "http://x..y:9000",
        f"http://{'a' * 64}.example.com",
    ],
)
def test_an_address_that_cannot_work_is_found(base_url: str) -> None:
    assert [found for found, _ in findings(base_url=base_url)] == ["dj_actions_stream.E002"]


@pytest.mark.parametrize(
    "template",
    [
        "",
        "user",
        "user:",
        ":{actor}",
        "user:{}",
        "user:{0}",
        "user:{who}",
        "user:{actor",
        "user:{actor.name}",
        "user:{actor[id]}",
        "user:{data}",
        "us-er:{actor}",
    ],
)
def test_an_invalid_template_is_found(template: str) -> None:
    expected = ["dj_actions_stream.E003"]

    assert [found for found, _ in findings(feed=template)] == expected
    assert [found for found, _ in findings(to=[template])] == expected
    assert route_findings(feed=template) == expected


@pytest.mark.parametrize("template", [None, 7, lambda message: message.label])
def test_a_template_is_a_string(template: Any) -> None:
    assert route_findings(feed=template) == ["dj_actions_stream.E003"]


def test_a_route_without_a_template_has_the_default() -> None:
    assert route_findings() == []


@pytest.mark.parametrize(
    "options", [{"to": "team:1"}, {"to": 7}, {"feed": []}, {"verb": ""}, {"verb": "{who}"}]
)
def test_a_route_with_a_wrong_option_is_found(options: dict[str, Any]) -> None:
    assert route_findings(**options) == ["dj_actions_stream.E003"]


def test_a_good_route_has_no_findings() -> None:
    assert route_findings(feed=["a:1", "b:{object}"], to=["c:{data.x?}"], verb="{action}") == []


def test_one_string_for_many_templates_is_refused_with_a_list() -> None:
    with pytest.raises(TypeError, match=r"did you mean \['team:1'\]"):
        make_publisher(to="team:1")


def test_more_copies_than_stream_accepts_are_found() -> None:
    templates = [f"team:{number}" for number in range(101)]

    assert [found for found, _ in findings(to=templates)] == ["dj_actions_stream.E006"]


@pytest.mark.parametrize("page_url", ["feeds/{group}", "https://example.com/{feed}", "https://{"])
def test_a_link_that_cannot_work_is_found(page_url: str) -> None:
    assert [found for found, _ in findings(page_url=page_url)] == ["dj_actions_stream.E007"]


class Misspelled(Activity):
    """An attribute that nothing reads."""

    feed = "user:{actor}"


class Wrong(Activity):
    """Every attribute is wrong."""

    kind = "publish"
    verb = "{who}"
    feeds = ()
    to = "team:1"
    data = "note"
    earlier = {"object_label": "{who}", "actor": "x"}


@pytest.mark.parametrize(
    ("activity", "problems"),
    [
        (Activity, 0),
        ("no.such.path", 1),
        (StreamPublisher, 1),
        (Misspelled, 1),
        (Wrong, 7),
        ({"todo.*": Misspelled, "list.*": None}, 1),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_a_wrong_declaration_is_found(activity: Any, problems: int) -> None:
    errors = [
        found for found, _ in findings(activity=activity) if found != "dj_actions_stream.W001"
    ]

    assert errors == ["dj_actions_stream.E008"] * problems


class WithFields(Activity):
    """Some fields of the input."""

    data = ("note", "nota")


def test_a_field_that_no_input_has_is_found(settings: Settings) -> None:
    entry = {
        "BACKEND": "dj_actions_stream.StreamPublisher",
        "OPTIONS": {"api_key": "key", "api_secret": SECRET},
        "ROUTES": ["todo.mark_done", "todo.hand_over"],
    }
    settings.DJ_ACTIONS = {"PUBLISHERS": {"feeds": entry}}
    ((found, message),) = findings(activity=WithFields)

    assert found == "dj_actions_stream.W002"
    assert "data names 'nota', which the input of todo." in message


def test_a_misspelled_attribute_comes_with_the_right_one() -> None:
    ((_, message),) = findings(activity=Misspelled)

    assert "unknown attribute 'feed'. Did you mean 'feeds'?" in message


@pytest.mark.parametrize("name", ["timeout", "connect_timeout"])
@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_timeout_with_which_nothing_is_sent_is_found(name: str, seconds: float) -> None:
    assert [found for found, _ in findings(**{name: seconds})] == ["dj_actions_stream.E004"]


@pytest.mark.parametrize(
    "options",
    [
        {"location": "us-east"},
        {"base_url": None, "location": "us east"},
        {"base_url": None, "location": "https://us-east"},
    ],
)
def test_a_region_that_cannot_be_used_is_found(options: dict[str, Any]) -> None:
    assert [found for found, _ in findings(**options)] == ["dj_actions_stream.E005"]


def test_each_finding_has_a_hint() -> None:
    publisher = make_publisher(api_key="", api_secret="", base_url="x", feed="x")

    found = list(publisher.check())
    assert len(found) == 4
    assert all(message.hint for message in found)


def test_no_finding_contains_the_secret() -> None:
    publisher = make_publisher(base_url="x", feed="x")

    assert not any(SECRET in f"{found.msg}{found.hint}" for found in publisher.check())


@pytest.mark.parametrize("recipient", ["ann@example.com", "user", "user:", "us er:1", ""])
def test_an_invalid_recipient_of_an_older_event_is_rejected_by_name(recipient: str) -> None:
    message = make_message(recipients=("user:1", recipient))

    with pytest.raises(PublishRejected, match=r"Invalid recipient of todo\.mark_done: ") as why:
        make_publisher().publish(message)
    assert not why.value.was_sent


@pytest.mark.parametrize("options", [{"base_url": "http://feeds:99999"}, {"api_secret": None}])
def test_a_client_that_cannot_be_created_stops_the_lane(options: dict[str, Any]) -> None:
    with pytest.raises(PublisherMisconfigured, match="the client cannot be created from OPTIONS"):
        make_publisher(**options).publish(make_message())


def test_it_does_not_track() -> None:
    assert not StreamPublisher.supports_tracking


def test_closing_before_the_first_message_is_allowed() -> None:
    make_publisher().close()


def test_a_subclass_that_publishes_each_message_itself_gets_each() -> None:
    class Mine(StreamPublisher):
        def publish(self, message: Message) -> Receipt:
            return Receipt(id=f"mine {message.object_id}")

    publisher = Mine(alias="feeds", api_key="key", api_secret=SECRET)
    receipts = list(publisher.publish_many([make_message(), make_message(object_id="8")]))

    assert receipts == [Receipt(id="mine 7"), Receipt(id="mine 8")]
