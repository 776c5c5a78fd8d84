"""The handler of configured publishers, and the two publishers without a destination."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from pytest_django import Settings

from dj_actions.conf import PublisherSettings
from dj_actions.exceptions import InvalidSetting
from dj_actions.messages import Message, Receipt
from dj_actions.publishers import BasePublisher, publishers
from dj_actions.publishers.console import ConsolePublisher
from dj_actions.publishers.handler import publisher_class
from dj_actions.publishers.memory import MemoryPublisher, outboxes
from dj_actions.testing.contract import PublisherContract, make_message

MEMORY = "dj_actions.publishers.memory.MemoryPublisher"


class Picky(BasePublisher):
    """A publisher with options, one of which it may reject."""

    def __init__(self, *, alias: str, base_url: str, timeout: float = 1.0) -> None:
        super().__init__(alias=alias)
        if timeout < 0:
            raise ValueError("timeout must not be negative.")
        self.base_url = base_url

    def publish(self, message: Message) -> Receipt:
        if message.summary == "refuse":
            raise ValueError("refused")
        return Receipt(id=str(message.id))


class Lenient(Picky):
    """A publisher that accepts any option."""

    def __init__(self, *, alias: str, **options: Any) -> None:
        super().__init__(alias=alias, base_url=str(options))


PICKY = f"{__name__}.Picky"
LENIENT = f"{__name__}.Lenient"


def configure(settings: Settings, backend: str, **options: Any) -> None:
    settings.DJ_ACTIONS = {"PUBLISHERS": {"feeds": {"BACKEND": backend, "OPTIONS": options}}}


def error_of(settings: Settings, backend: str, **options: Any) -> InvalidSetting:
    configure(settings, backend, **options)
    with pytest.raises(InvalidSetting) as refused:
        publishers["feeds"]
    return refused.value


def test_an_instance_has_its_alias(settings: Settings) -> None:
    configure(settings, MEMORY)

    assert isinstance(publishers["feeds"], MemoryPublisher)
    assert publishers["feeds"].alias == "feeds"


def test_options_are_arguments_of_the_constructor(settings: Settings) -> None:
    configure(settings, PICKY, base_url="http://feeds")
    publisher = publishers["feeds"]

    assert isinstance(publisher, Picky)
    assert publisher.base_url == "http://feeds"


def test_a_thread_keeps_its_instance(settings: Settings) -> None:
    configure(settings, MEMORY)

    assert publishers["feeds"] is publishers["feeds"]


def test_another_thread_has_another_instance(settings: Settings) -> None:
    configure(settings, MEMORY)
    found: list[BasePublisher] = []
    thread = threading.Thread(target=lambda: found.append(publishers["feeds"]))
    thread.start()
    thread.join()

    assert found[0] is not publishers["feeds"]


def test_a_changed_setting_makes_new_instances(settings: Settings) -> None:
    configure(settings, PICKY, base_url="http://one")
    before = publishers["feeds"]
    configure(settings, PICKY, base_url="http://two")
    after = publishers["feeds"]

    assert after is not before
    assert isinstance(after, Picky)
    assert after.base_url == "http://two"


def test_another_changed_setting_keeps_them(settings: Settings) -> None:
    configure(settings, MEMORY)
    before = publishers["feeds"]
    settings.DEBUG = True

    assert publishers["feeds"] is before


def test_all_aliases_are_listed(settings: Settings) -> None:
    entry = {"BACKEND": MEMORY}
    settings.DJ_ACTIONS = {"PUBLISHERS": {"feeds": entry, "pipelines": entry}}

    assert list(publishers) == ["feeds", "pipelines"]
    assert [publisher.alias for publisher in publishers.all()] == ["feeds", "pipelines"]


def test_an_unknown_alias_is_rejected(settings: Settings) -> None:
    configure(settings, MEMORY)

    with pytest.raises(InvalidSetting, match=r"'fedes'.*Did you mean 'feeds'"):
        publishers["fedes"]


@pytest.mark.parametrize(
    ("option", "hint"), [("base_ulr", " Did you mean 'base_url'?"), ("zzz", "")]
)
def test_an_unknown_option_is_rejected_with_a_suggestion(
    settings: Settings, option: str, hint: str
) -> None:
    said = str(error_of(settings, PICKY, base_url="http://feeds", **{option: 1}))

    assert said == (
        f'Unknown key in DJ_ACTIONS["PUBLISHERS"]["feeds"]["OPTIONS"]: {option!r}.{hint}'
    )


def test_a_publisher_may_take_any_option(settings: Settings) -> None:
    configure(settings, LENIENT, anything=1)

    assert isinstance(publishers["feeds"], Lenient)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "missing 1 required keyword-only argument: 'base_url'"),
        ({"base_url": "x", "timeout": -1}, "timeout must not be negative."),
        ({"base_url": "x", "alias": "other"}, "multiple values for keyword argument 'alias'"),
    ],
)
def test_options_that_the_constructor_rejects_are_reported_and_chained(
    settings: Settings, options: dict[str, Any], said: str
) -> None:
    error = error_of(settings, PICKY, **options)

    assert str(error).startswith('DJ_ACTIONS["PUBLISHERS"]["feeds"]["OPTIONS"]: ')
    assert said in str(error)
    assert isinstance(error.__cause__, (TypeError, ValueError))


@pytest.mark.parametrize("backend", ["", "nodots", "no.such.module.Publisher", f"{__name__}.Gone"])
def test_a_backend_that_cannot_be_imported_is_reported_and_chained(
    settings: Settings, backend: str
) -> None:
    error = error_of(settings, backend)

    assert str(error).startswith(
        'DJ_ACTIONS["PUBLISHERS"]["feeds"]["BACKEND"] cannot be imported: '
    )
    assert isinstance(error.__cause__, ImportError)


@pytest.mark.parametrize("name", ["make_message", "MEMORY", "PublisherContract"])
def test_a_backend_that_is_not_a_publisher_is_rejected(name: str) -> None:
    entry = PublisherSettings(backend=f"{__name__}.{name}")

    with pytest.raises(InvalidSetting, match="which is not a BasePublisher"):
        publisher_class("feeds", entry)


def test_each_message_has_an_outcome_though_one_fails() -> None:
    publisher = Picky(alias="feeds", base_url="")
    messages = [make_message(), make_message(summary="refuse"), make_message()]
    first, second, third = publisher.publish_many(messages)

    assert (first, third) == (Receipt(id=str(messages[0].id)), Receipt(id=str(messages[2].id)))
    assert isinstance(second, ValueError)


def test_messages_are_published_one_by_one_as_outcomes_are_taken() -> None:
    messages = [make_message(), make_message()]
    outcomes = MemoryPublisher(alias="lazy").publish_many(messages)
    next(outcomes)

    assert outboxes["lazy"] == messages[:1]


def test_a_publisher_without_tracking_raises_an_error() -> None:
    with pytest.raises(NotImplementedError, match="Picky does not support tracking"):
        Picky(alias="feeds", base_url="").track([])


def test_publishers_have_separate_outboxes() -> None:
    message = make_message()
    MemoryPublisher(alias="one").publish(message)

    assert (outboxes["one"], outboxes["two"]) == ([message], [])


def test_the_console_prints_a_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    message = make_message()
    ConsolePublisher(alias="console").publish(message)
    (line,) = capsys.readouterr().out.splitlines()

    assert json.loads(line) == {
        "publisher": "console",
        "id": str(message.id),
        "action": "todo.mark_done",
        "objects": ["7"],
        "actor": "ann",
        "data": {"note": "bought two"},
        "summary": "ann finished Buy milk",
    }


class TestMemoryPublisher(PublisherContract):
    """The contract, kept by the publisher for tests."""

    def make_publisher(self) -> BasePublisher:
        return MemoryPublisher(alias="memory")

    def count_effects(self, message: Message) -> int:
        return sum(kept.id == message.id for kept in outboxes["memory"])


class TestConsolePublisher(PublisherContract):
    """The contract, kept by the publisher for development."""

    remembers = False

    @pytest.fixture(autouse=True)
    def _capture(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.lines: list[str] = []

    def make_publisher(self) -> BasePublisher:
        return ConsolePublisher(alias="console")

    def count_effects(self, message: Message) -> int:
        self.lines += self.capsys.readouterr().out.splitlines()
        return [json.loads(line)["id"] for line in self.lines].count(str(message.id))
