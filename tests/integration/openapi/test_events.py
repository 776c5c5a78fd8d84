"""The read API of events in the document."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from dj_actions.models import Attempt
from dj_actions.rest.events import FILTERS
from dj_actions.states import DeliveryState, Outcome, RemoteState
from tests.integration.openapi.conftest import MakeDocument, resolved

LIST = "/api/action-events/"
DETAIL = "/api/action-events/{id}/"


def names_of(value: Any) -> set[str]:
    return {field.name for field in fields(value)}


def values(states: Any) -> list[str]:
    return [state.value for state in states]


@pytest.fixture
def document(make_document: MakeDocument) -> dict[str, Any]:
    return make_document()


@pytest.fixture
def parameters(document: dict[str, Any]) -> dict[str, Any]:
    return {entry["name"]: entry for entry in document["paths"][LIST]["get"]["parameters"]}


def test_each_filter_is_described(parameters: dict[str, Any]) -> None:
    assert set(parameters) == {*FILTERS, "cursor", "page_size"}
    assert all(parameters[name]["in"] == "query" for name in parameters)
    assert all(parameters[name]["description"] for name in FILTERS)


def test_a_filter_is_typed(parameters: dict[str, Any]) -> None:
    assert parameters["state"]["schema"]["enum"] == values(DeliveryState)
    assert parameters["remote_state"]["schema"]["enum"] == values(RemoteState)
    assert parameters["outcome"]["schema"]["enum"] == values(Outcome)
    assert parameters["parent"]["schema"] == {"type": "string", "format": "uuid"}
    assert parameters["root"]["schema"] == {"type": "string", "format": "uuid"}
    assert parameters["object"]["schema"] == {"type": "string"}


def test_an_event_alone_has_no_filters(document: dict[str, Any]) -> None:
    parameters = document["paths"][DETAIL]["get"]["parameters"]

    assert [entry["name"] for entry in parameters] == ["id"]


def test_errors_are_described(document: dict[str, Any]) -> None:
    for path in (LIST, DETAIL):
        assert set(document["paths"][path]["get"]["responses"]) == {
            *("200", "400", "401", "403", "404")
        }


def test_a_page_holds_events(document: dict[str, Any]) -> None:
    answer = document["paths"][LIST]["get"]["responses"]["200"]["content"]["application/json"]
    page = resolved(document, answer["schema"])

    assert set(page["properties"]) == {"next", "previous", "results"}
    assert page["properties"]["results"]["items"]["properties"]["id"]["format"] == "uuid"


def properties_of(document_of_version: Any, name: str) -> tuple[dict[str, Any], bool]:
    """Return a component's properties, and whether they are in the older dialect."""
    document = document_of_version()
    found = document["components"]["schemas"][name]["properties"]
    return resolved(document, found), document["openapi"].startswith("3.0")


def test_an_event_is_typed(document_of_version: Any) -> None:
    event, is_older = properties_of(document_of_version, "ActionEvent")
    texts = {"type": "array", "items": {"type": "string"}, "readOnly": True}
    nothing = {"nullable": True} if is_older else {}

    assert event["object_ids"] == event["recipients"] == texts
    assert event["actor"]["required"] == ["id", "label"]
    assert event["actor"]["type"] == ("object" if is_older else ["object", "null"])
    assert event["extra"]["type"] == "object"
    assert {key: event["object_id"][key] for key in ("type", *nothing)} == {
        "type": "string" if is_older else ["string", "null"],
        **nothing,
    }
    assert event["deliveries"]["type"] == "array"
    assert (event["root"]["type"], event["root"]["format"]) == ("string", "uuid")
    assert event["depth"]["type"] == "integer"
    assert not event["request_data"].keys() & {"type", "enum"}


def test_a_delivery_is_typed(document_of_version: Any) -> None:
    delivery, _is_older = properties_of(document_of_version, "ActionDelivery")

    assert delivery["state"]["allOf"][0]["enum"] == values(DeliveryState)
    assert delivery["remote_state"]["allOf"][0]["enum"] == values(RemoteState)
    assert delivery["errors"]["items"]["required"] == ["at", "attempt", "kind", "message"]
    attempt = delivery["attempt_log"]["items"]
    assert set(attempt["required"]) == set(attempt["properties"]) == names_of(Attempt)
