"""System checks: each reports its problem and how to fix it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import pytest
from django.core.checks import CheckMessage, Error, Warning, run_checks  # noqa: A004
from django.db import connection
from pytest_django import Settings
from rest_framework import serializers

from dj_actions.checks import check_database, check_open_deliveries, check_settings
from dj_actions.messages import Message, Receipt
from dj_actions.publishers import BasePublisher
from example.project import settings as example_settings
from example.todos.actions import MarkDone
from tests.conftest import Declare, MakeDelivery
from tests.integration.outbox.test_records import POSSIBLE

MEMORY = "dj_actions.publishers.memory.MemoryPublisher"


class Complaining(BasePublisher):
    """A publisher with a check of its own."""

    def publish(self, message: Message) -> Receipt:
        return Receipt(id="1")

    def check(self) -> Sequence[CheckMessage]:
        return [Error("No key.", id="complaining.E001")]


def configure(settings: Settings, **entry: Any) -> None:
    settings.DJ_ACTIONS = {
        "PUBLISHERS": {"feeds": {"BACKEND": MEMORY, "ROUTES": ["todo.*"], **entry}}
    }


def found(identifier: str) -> list[CheckMessage]:
    """Return the messages of a check; there must be no other."""
    messages = check_settings()
    assert {message.id for message in messages} <= {identifier}
    return messages


def test_the_settings_of_the_tests_are_fine() -> None:
    assert check_settings() == []


def test_the_settings_of_the_example_are_fine(settings: Settings) -> None:
    settings.DJ_ACTIONS = example_settings.DJ_ACTIONS

    assert check_settings() == []


def test_all_checks_together_find_nothing() -> None:
    assert run_checks() == []


def test_e001_an_unknown_setting_is_named_with_the_nearest(settings: Settings) -> None:
    settings.DJ_ACTIONS = {"PUBLISHER": {}}
    (message,) = found("dj_actions.E001")

    assert message.msg == "Unknown DJ_ACTIONS setting 'PUBLISHER'. Did you mean 'PUBLISHERS'?"
    assert isinstance(message, Error)


@pytest.mark.parametrize(
    "value",
    [
        {"LEASE": float("inf")},
        {"PUBLISHERS": {"feeds": {"BACKEND": MEMORY, "ROUTES": [{"todo.*": {}}]}}},
        {"PUBLISHERS": {"feeds": {"BACKEND": MEMORY, "RETRY": {"wait": 5}}}},
    ],
)
def test_e001_a_value_that_cannot_be_used_is_named(settings: Settings, value: Any) -> None:
    settings.DJ_ACTIONS = value

    assert len(found("dj_actions.E001")) == 1


def test_e002_a_backend_that_cannot_be_imported_is_named(settings: Settings) -> None:
    configure(settings, BACKEND="no.such.Publisher")
    (message,) = found("dj_actions.E002")

    assert message.msg.startswith('DJ_ACTIONS["PUBLISHERS"]["feeds"]["BACKEND"] cannot be')


def test_e002_an_unknown_option_is_named_with_the_nearest(settings: Settings) -> None:
    configure(settings, BACKEND="dj_actions_stream.StreamPublisher", OPTIONS={"api_kye": "x"})
    (message,) = found("dj_actions.E002")

    assert "'api_kye'. Did you mean 'api_key'?" in message.msg


@pytest.mark.parametrize(
    ("backend", "vendor", "extra"),
    [
        ("dj_actions_stream.StreamPublisher", "stream", "dj-actions[stream]"),
        ("dj_actions_airflow.AirflowPublisher", "airflow_client", "dj-actions[airflow]"),
    ],
)
def test_e002_an_extra_that_is_missing_is_named_in_the_hint(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, backend: str, vendor: str, extra: str
) -> None:
    package = backend.partition(".")[0]
    monkeypatch.delitem(sys.modules, package, raising=False)
    monkeypatch.setitem(sys.modules, vendor, None)  # Python's word for a module that is missing
    configure(settings, BACKEND=backend)
    (message,) = found("dj_actions.E002")

    assert f"pip install '{extra}'" in str(message.hint)
    assert package in message.msg


async def publish_async(self: Any, message: Message) -> Receipt:
    return Receipt(id="1")


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"publish": lambda _self: None}, "`publish` cannot be called with message"),
        ({"publish": publish_async}, "`publish` is a coroutine function"),
        ({"check": lambda _self, _where: []}, "Define it as `def check(self)`."),
        ({"check_route": lambda _self, _options: []}, "with options and where"),
        ({"track": lambda _self: []}, "`track` cannot be called with receipts"),
        ({"route_option": ("dag_id",)}, "Did you mean `route_options`, not `route_option`?"),
        ({"support_tracking": True}, "Did you mean `supports_tracking`"),
    ],
)
def test_e002_a_publisher_with_a_method_that_cannot_be_called_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, attributes: dict[str, Any], said: str
) -> None:
    wrong = type("Wrong", (Complaining,), attributes)
    monkeypatch.setattr(f"{__name__}.Wrong", wrong, raising=False)
    configure(settings, BACKEND=f"{__name__}.Wrong")
    (message,) = found("dj_actions.E002")

    assert 'DJ_ACTIONS["PUBLISHERS"]["feeds"]["BACKEND"]: Wrong: ' in message.msg
    assert said in message.msg


def test_e002_does_not_hide_the_other_publishers(settings: Settings) -> None:
    settings.DJ_ACTIONS = {
        "PUBLISHERS": {"feeds": {"BACKEND": "a.B"}, "pipelines": {"BACKEND": "c.D"}}
    }

    assert len(found("dj_actions.E002")) == 2


def test_e003_an_action_that_names_no_publisher_of_ours_is_named(declare: Declare) -> None:
    declare(publish=("memroy",))
    (message,) = found("dj_actions.E003")

    assert "Action todo.poke publishes to 'memroy'" in message.msg
    assert "Did you mean 'memory'?" in message.msg


class RecordsElsewhere:
    """A router that puts records and objects into different databases."""

    def db_for_write(self, model: Any, **_: Any) -> str | None:
        return "elsewhere" if model._meta.app_label == "dj_actions" else None


def test_e004_records_in_another_database_than_the_objects_are_refused(
    settings: Settings,
) -> None:
    settings.DATABASE_ROUTERS = [RecordsElsewhere()]
    messages = found("dj_actions.E004")

    assert {str(message.msg).partition(" ")[0] for message in messages} == {
        "todo.mark_done",
        "todo.bulk_mark_done",
        "todo.hand_over",
        "todo.remind",
    }
    assert "'elsewhere'" in messages[0].msg
    assert messages[0].hint == "Route both to the same database in DATABASE_ROUTERS."


def test_w001_a_route_that_matches_nothing_is_named_with_the_nearest(settings: Settings) -> None:
    configure(settings, ROUTES=["todo.mark_dne", "todo.*"])
    (message,) = found("dj_actions.W001")

    assert isinstance(message, Warning)
    assert "'todo.mark_dne' matches no registered action." in message.msg
    assert "Did you mean 'todo.mark_done'?" in message.msg
    assert message.hint == "Patterns match `resource.action`, for example 'todo.*'."


AIRFLOW = "dj_actions_airflow.AirflowPublisher"
STREAM = "dj_actions_stream.StreamPublisher"
SERVER = {"base_url": "http://127.0.0.1:1"}
CREDENTIALS = {"api_key": "key", "api_secret": "secret"}


@pytest.mark.parametrize(
    ("backend", "options", "name", "said"),
    [
        (AIRFLOW, SERVER | {"dag_id": "x"}, "dag", "'dag'. Did you mean 'dag_id'?"),
        (STREAM, CREDENTIALS, "fed", "'fed'. Did you mean 'feed'?"),
        (MEMORY, {}, "dag_id", "'dag_id'."),
    ],
)
def test_e006_an_unknown_option_of_a_route_is_named_with_the_nearest(
    settings: Settings, backend: str, options: dict[str, Any], name: str, said: str
) -> None:
    configure(settings, BACKEND=backend, OPTIONS=options, ROUTES={"todo.*": {name: "x"}})
    (message,) = found("dj_actions.E006")

    where = 'DJ_ACTIONS["PUBLISHERS"]["feeds"]["ROUTES"]["todo.*"]: unknown option '
    assert message.msg == where + said
    assert "Options of" in str(message.hint)


@pytest.mark.parametrize(
    ("backend", "options", "route", "identifier"),
    [
        (AIRFLOW, SERVER, {}, "dj_actions_airflow.E004"),
        (AIRFLOW, SERVER, {"dag_id": "p odd/é"}, "dj_actions_airflow.E003"),
        (STREAM, CREDENTIALS, {"feed": "user:{owner}"}, "dj_actions_stream.E003"),
    ],
)
def test_a_route_that_its_publisher_cannot_use_is_named(
    settings: Settings,
    backend: str,
    options: dict[str, str],
    route: dict[str, str],
    identifier: str,
) -> None:
    configure(settings, BACKEND=backend, OPTIONS=options, ROUTES={"todo.*": route})
    (message,) = found(identifier)

    assert message.msg.startswith('DJ_ACTIONS["PUBLISHERS"]["feeds"]["ROUTES"]["todo.*"]: ')


def test_an_action_that_selects_a_publisher_without_a_route_is_checked(
    settings: Settings, declare: Declare
) -> None:
    declare(publish=("feeds",))
    configure(settings, BACKEND=AIRFLOW, OPTIONS=SERVER, ROUTES={"todo.mark_*": {"dag_id": "x"}})
    (message,) = found("dj_actions_airflow.E004")

    assert message.msg.startswith("Action todo.poke, which publishes to 'feeds': no DAG")


def test_w009_a_route_below_one_that_matches_the_same_is_named(settings: Settings) -> None:
    configure(settings, ROUTES=["todo.*", "todo.mark_done"])
    (message,) = found("dj_actions.W009")

    assert "'todo.mark_done' is never used" in message.msg


def test_w009_a_route_that_matches_something_more_is_used(settings: Settings) -> None:
    configure(settings, ROUTES=["todo.mark_done", "todo.mark_*", "todo.hand_over", "*"])
    messages = found("dj_actions.W009")

    assert ["'todo.mark_*'" in message.msg for message in messages] == [True]


def test_w006_a_publisher_that_receives_nothing_is_named(settings: Settings) -> None:
    configure(settings, ROUTES=[])
    (message,) = found("dj_actions.W006")

    assert '["feeds"] receives nothing' in message.msg


def test_w006_a_publisher_that_an_action_selects_receives_something(
    settings: Settings, declare: Declare
) -> None:
    declare(publish=("feeds",))
    configure(settings, ROUTES=[])

    assert check_settings() == []


class PinInput(serializers.Serializer[Any]):
    """An input with a secret."""

    new_pin = serializers.CharField()
    old_pin = serializers.CharField()


def test_w008_a_misspelled_sensitive_field_is_named(declare: Declare) -> None:
    declare(input=PinInput, sensitive=("New_Pin", "old_pni", "receipt"))
    (message,) = found("dj_actions.W008")

    assert (
        message.msg
        == "Action todo.poke has the sensitive field 'old_pni', but its input has 'old_pin'."
    )


def test_w008_names_of_results_are_not_taken_for_misspelled_ones(declare: Declare) -> None:
    declare(input=PinInput, sensitive=("new_pin", "old_pin", "new_pins", "token"))

    assert check_settings() == []


def test_w007_an_action_that_is_not_registered_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Forgotten(MarkDone):
        """An action without @register."""

    Forgotten.__module__, Forgotten.__qualname__ = MarkDone.__module__, "Forgotten"
    monkeypatch.setattr("example.todos.actions.Forgotten", Forgotten, raising=False)
    messages = found("dj_actions.W007")

    assert [str(message.msg).partition(" is ")[0] for message in messages] == [
        "The action example.todos.actions.Forgotten"
    ]


@pytest.mark.parametrize("options", [{}, {"transaction_mode": "DEFERRED"}, None])
def test_w003_sqlite_that_upgrades_its_lock_is_warned_about(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, str] | None
) -> None:
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    monkeypatch.setattr(connection, "vendor", "sqlite")
    (message,) = check_database(databases=["default"])

    assert message.id == "dj_actions.W003"
    assert "opens deferred transactions" in message.msg
    assert "'transaction_mode': 'IMMEDIATE'" in str(message.hint)


@pytest.mark.parametrize(
    ("vendor", "mode", "databases"),
    [
        ("sqlite", "IMMEDIATE", ["default"]),
        ("sqlite", "immediate", ["default"]),
        ("sqlite", "DEFERRED", []),
        ("sqlite", "DEFERRED", None),
        ("sqlite", "DEFERRED", ["other"]),
        ("postgresql", "DEFERRED", ["default"]),
    ],
)
def test_w003_is_for_a_checked_sqlite_without_immediate_transactions(
    monkeypatch: pytest.MonkeyPatch, vendor: str, mode: str, databases: list[str] | None
) -> None:
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {"transaction_mode": mode})
    monkeypatch.setattr(connection, "vendor", vendor)

    assert check_database(databases=databases) == []


def test_a_publishers_own_checks_are_run(settings: Settings) -> None:
    configure(settings, BACKEND=f"{__name__}.Complaining")

    assert [message.id for message in check_settings()] == ["complaining.E001"]


def test_checks_of_stream_are_run_without_a_network(settings: Settings) -> None:
    configure(
        settings,
        BACKEND="dj_actions_stream.StreamPublisher",
        OPTIONS={"api_key": "", "api_secret": "x"},
    )

    assert [message.id for message in check_settings()] == ["dj_actions_stream.E001"]


@pytest.mark.django_db
def test_w004_open_deliveries_to_a_publisher_that_is_gone_are_named(
    make_delivery: MakeDelivery,
) -> None:
    make_delivery(publisher="renamed")
    make_delivery(publisher="settled", **POSSIBLE["dead"])
    make_delivery()
    (message,) = check_open_deliveries(databases=["default"])

    assert message.id == "dj_actions.W004"
    assert "1 open delivery for the publisher 'renamed'" in message.msg
    assert "outbox cancel --publisher renamed" in str(message.hint)


@pytest.mark.django_db
@pytest.mark.parametrize("databases", [None, [], ["other"]])
def test_w004_touches_no_database_that_is_not_checked(
    make_delivery: MakeDelivery, databases: list[str] | None
) -> None:
    make_delivery(publisher="renamed")

    assert check_open_deliveries(databases=databases) == []


def test_w005_the_setting_that_the_original_read_by_mistake_is_named(settings: Settings) -> None:
    settings.TRACK_ACTIONS = False

    (message,) = run_checks()
    assert message.id == "dj_actions.W005"
    assert "DJACTION_TRACK_ACTIONS" in str(message.hint)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("DJ_ACTION", "DJ_ACTIONS"),
        ("DJACTIONS", "DJ_ACTIONS"),
        ("DJACTION_TTL_MINUTE", "DJACTION_TTL_MINUTES"),
    ],
)
def test_w005_a_setting_that_is_almost_ours_is_named_with_the_nearest(
    settings: Settings, name: str, nearest: str
) -> None:
    setattr(settings, name, {})
    (message,) = found("dj_actions.W005")

    assert message.msg == f"The setting {name} is ignored. Did you mean {nearest!r}?"


@pytest.mark.parametrize(
    ("name", "app"),
    [
        ("DJ_ACTIONS_CONSOLE", "dj_actions.console"),
        ("DJ_ACTIONS_FEEDS", "dj_actions_stream.feeds"),
    ],
)
def test_w005_the_setting_of_an_app_is_only_ignored_where_the_app_is_missing(
    settings: Settings, name: str, app: str
) -> None:
    setattr(settings, name, {})
    settings.INSTALLED_APPS = [*{*settings.INSTALLED_APPS, app}]
    assert found("dj_actions.W005") == []

    settings.INSTALLED_APPS = [entry for entry in settings.INSTALLED_APPS if entry != app]
    (message,) = found("dj_actions.W005")
    assert message.msg.startswith(f"The setting {name} is ignored.")
    assert "INSTALLED_APPS" in str(message.hint)
