"""Routes that `manage.py check` finds wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dj_actions_airflow import AirflowPublisher
from django.core.checks import CheckMessage
from pytest_django import Settings
from rest_framework import serializers

from dj_actions.checks import check_settings
from tests.conftest import Declare

BACKEND = "dj_actions_airflow.AirflowPublisher"


def found(**options: Any) -> list[CheckMessage]:
    """Return what is found in the options of a route."""
    publisher = AirflowPublisher(alias="pipelines", base_url="http://airflow", dag_id="reports")
    return list(publisher.check_route(options, "The route"))


@pytest.mark.parametrize(
    "options",
    [
        {"conf": "envelope"},
        {"conf": "data"},
        {"conf": "{data.options}"},
        {"conf": "json:dumps"},
        {"conf": lambda message: {}},
        {"conf": {}},
        {"conf": {"a": "{data.a}", "b": [1, "{object_ids}", None], "c": {"d": True}}},
        {"run_after": 60},
        {"run_after": 0.5},
        {"run_after": timedelta(hours=1)},
        {"run_after": "{data.at?}"},
        {"run_after": "2026-01-02T03:04:05Z"},
        {"run_after": datetime(2026, 1, 2, tzinfo=UTC)},
        {"note": ""},
        {"note": "{actor.label} did it"},
        {"partition_key": "{data.region}"},
        {"runs": "one"},
        {"runs": "chunks", "chunk_size": 50},
        {"runs": "objects"},
    ],
)
def test_a_good_route_has_no_findings(options: dict[str, Any]) -> None:
    assert found(**options) == []


@pytest.mark.parametrize(
    ("options", "expected", "text"),
    [
        ({"conf": "datta"}, "E009", "Did you mean 'data'?"),
        ({"conf": "shop.pipelines.conf_for"}, "E009", "'shop.pipelines:conf_for'"),
        ({"conf": 7}, "E009", "conf is 7"),
        ({"conf": {"a": {1, 2}}}, "E009", "Use strings, numbers, lists and dicts"),
        ({"conf": {7: "a"}}, "E009", "Its keys are the names of params"),
        ({"conf": {"a": "{datta.x}"}}, "E007", "unknown placeholder {datta.x}"),
        ({"conf": {"a": ["{x"]}}, "E007", "invalid template '{x'"),
        ({"conf": "no_such_module:conf_for"}, "E008", "No module named"),
        ({"note": "{data}"}, "E007", "{data} needs a path"),
        ({"note": 7}, "E007", "expected a string"),
        ({"run_after": -1}, "E009", "it is negative"),
        ({"run_after": True}, "E009", "expected seconds"),
        ({"run_after": 1e20}, "E009", "run_after is 1e+20"),
        ({"run_after": float("nan")}, "E009", "run_after is nan"),
        ({"run_after": "tomorrow"}, "E009", "Invalid isoformat"),
        ({"run_after": "2026-01-02T03:04:05"}, "E009", "it has no time zone"),
        ({"run_after": "{data.at"}, "E007", "invalid template"),
        ({"partition_key": 7}, "E007", "expected a string"),
        ({"runs": "many"}, "E009", "Expected one of: 'one', 'chunks', 'objects'"),
        ({"runs": "chunks", "chunk_size": 0}, "E009", "Set it to 1 up to"),
        ({"runs": "chunks", "chunk_size": "50"}, "E009", "Set it to 1 up to"),
        ({"chunk_size": 50}, "E009", 'Only runs: "chunks" has chunks'),
    ],
)
def test_a_wrong_option_is_found_with_a_hint(
    options: dict[str, Any], expected: str, text: str
) -> None:
    (message,) = found(**options)

    assert message.id == f"dj_actions_airflow.{expected}"
    assert message.msg.startswith("The route: ")
    assert text in f"{message.msg} {message.hint}"


class Secret(serializers.Serializer[Any]):
    """An input with a sensitive field."""

    verb = serializers.CharField()
    pin = serializers.CharField(required=False)


@pytest.fixture
def warnings(settings: Settings, declare: Declare) -> Callable[..., list[CheckMessage]]:
    """Return what is found about the fields of an action with that input."""

    def find(**route: Any) -> list[CheckMessage]:
        declare(input=Secret, sensitive=("pin",))
        settings.DJ_ACTIONS = {
            "PUBLISHERS": {
                "pipelines": {
                    "BACKEND": BACKEND,
                    "OPTIONS": {"base_url": "http://airflow"},
                    "ROUTES": {"*": {"dag_id": "reports", **route}},
                }
            }
        }
        return [one for one in check_settings() if "thing." in one.msg or "poke" in one.msg]

    return find


@pytest.mark.parametrize(
    ("route", "text"),
    [
        ({"conf": {"a": "{data.verb}"}}, ""),
        ({"conf": {"a": "{data.missing?}"}}, ""),
        ({"conf": lambda message: {}}, ""),
        ({"conf": {"a": "{data.missing}"}}, "needs 'missing' of"),
        ({"dag_id": "x_{data.missing}"}, "needs 'missing' of"),
        ({"conf": {"a": "{data.pin}"}}, "is sensitive: no record has its value"),
        ({"conf": "data"}, "needs 'pin' of"),
    ],
)
def test_a_field_that_no_message_has_is_found(
    warnings: Callable[..., list[CheckMessage]], route: dict[str, Any], text: str
) -> None:
    found = warnings(**route)

    assert [one.id for one in found] == ["dj_actions_airflow.W002"] * bool(text)
    assert not text or text in found[0].msg
