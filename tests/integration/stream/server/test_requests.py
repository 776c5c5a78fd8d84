"""Invalid requests: each gets a JSON error and changes nothing."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from dj_actions_stream.server.models import Activity, FeedEntry
from dj_actions_stream.server.writing import storage
from django.test import Client
from pytest_django import Settings

from tests.integration.stream.server.calls import FEED, Caller

pytestmark = pytest.mark.django_db

GOOD = {"actor": "user:1", "verb": "add", "object": "todo:1", "foreign_id": "event:1"}
DEEP = b'{"actor":"a","verb":"b","object":"c","x":' + b"[" * 100_000


def with_field(text: str) -> bytes:
    return b'{"actor":"a","verb":"b","object":"c","x":' + text.encode() + b"}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b'{"actor":"\xc3"}',
        b"{}" * 2,
        b"\x00",
        with_field("NaN"),
        with_field("-Infinity"),
        with_field("1e999"),
        with_field("9" * 19),
        with_field("1e19"),
        with_field("-" + "9" * 5000),
        with_field(r'"a\u0000b"'),
        with_field(r'{"a\u0000b": 1}'),
        with_field(r'["\ud800"]'),
        with_field(r'{"\udfff": 1}'),
        with_field('{"a":' * 40 + "1" + "}" * 40),
        with_field("[" * 4000 + "]" * 4000),
        DEEP,
        DEEP + b"]" * 100_000 + b"}",
    ],
    ids=lambda body: repr(body[:60]),
)
def test_a_body_that_cannot_be_stored(call: Caller, body: bytes) -> None:
    answer = call("POST", FEED, body)

    assert (call.status, answer["code"]) == (400, 4)
    assert not Activity.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("actor", None),
        ("actor", ""),
        ("actor", True),
        ("actor", {"id": 1}),
        ("actor", ["user:1"]),
        ("verb", None),
        ("verb", "é" * 128),
        ("object", None),
        ("object", False),
        ("target", {}),
        ("foreign_id", []),
        ("foreign_id", "x" * 256),
        ("time", "soon"),
        ("time", 1700000000),
        ("time", "2026-13-01T00:00:00"),
        ("time", "2026-01-01T25:00:00"),
        ("time", "2026-01-01T00:00:00+99:99"),
        ("time", "0001-01-01T00:00:00+10:00"),
        ("time", "9999-12-31T23:59:59"),
        ("time", "1500-01-01T00:00:00"),
        ("time", "2026-01-01\n"),
        ("time", "٢٠٢٦-01-01"),
        ("to", "team:blue"),
        ("to", {}),
        ("to", [1]),
        ("to", [None]),
        ("to", ["team"]),
        ("to", ["team:"]),
        ("to", [":blue"]),
        ("to", ["team:blue:x"]),
        ("to", ["te-am:blue"]),
        ("to", ["team:bl ue"[:7] + "\n"]),
        ("to", ["team:" + "x" * 256]),
        ("to", [f"team:{number}" for number in range(101)]),
        ("score", 1),
        ("is_seen", True),
    ],
)
def test_a_wrong_field_is_named(call: Caller, field: str, value: Any) -> None:
    answer = call("POST", FEED, {**GOOD, field: value})

    assert (call.status, answer["code"], answer["exception"]) == (400, 4, "InputException")
    assert list(answer["exception_fields"]) == [field]
    assert not Activity.objects.exists()


@pytest.mark.parametrize("items", [None, [], {}, "x", [1], [None], [[]], [GOOD, {}], [GOOD] * 101])
def test_a_wrong_batch_leaves_no_trace(call: Caller, items: Any) -> None:
    answer = call("POST", FEED, {"activities": items})

    assert (call.status, answer["code"]) == (400, 4)
    assert all(name.startswith("activities") for name in answer["exception_fields"])
    assert not Activity.objects.exists()
    assert not FeedEntry.objects.exists()


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2026-01-02T03:04:05.123456", "2026-01-02T03:04:05.123456"),
        ("2026-01-02T03:04:05.123456789", "2026-01-02T03:04:05.123456"),
        ("2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.100000"),
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05.000000"),
        ("2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05.000000"),
        ("2026-01-02", "2026-01-02T00:00:00.000000"),
        ("1582-10-15T00:00:00", "1582-10-15T00:00:00.000000"),
    ],
)
def test_time_has_six_digits_and_no_zone(call: Caller, time: str, expected: str) -> None:
    added = call("POST", FEED, {**GOOD, "time": time})
    (read,) = call("GET", FEED)["results"]

    assert added["time"] == read["time"] == expected


def test_values_are_kept_as_they_came(call: Caller) -> None:
    custom = {"big": 2**63 - 1, "small": -0.1, "text": "é😀\u2028", "none": None, "list": [[], {}]}
    added = call("POST", FEED, {**GOOD, **custom, "id": "mine", "origin": "user:2"})
    (read,) = call("GET", FEED)["results"]

    assert call.status == 200
    assert {name: read[name] for name in custom} == custom
    assert (read["id"], read["origin"]) == (added["id"], None)
    assert {**read, "to": [], "duration": added["duration"]} == added


def test_what_was_read_can_be_sent_again(call: Caller) -> None:
    call("POST", FEED, GOOD)
    (read,) = call("GET", FEED)["results"]

    call("POST", FEED, read)
    assert call("GET", FEED)["results"] == [read]


@pytest.mark.parametrize("size", [10_241, 100_000])
def test_too_large_an_activity(call: Caller, size: int) -> None:
    answer = call("POST", FEED, {"activities": [{**GOOD, "text": "x" * size}]})

    assert (call.status, answer["code"]) == (413, 18)


def test_too_large_a_request(call: Caller, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = call("POST", FEED, {**GOOD, "to": ["team:blue"] * 100})

    assert (call.status, answer["code"]) == (413, 18)


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "x"},
        {"limit": ""},
        {"limit": "1" * 10},
        {"limit": "٣"},
        {"offset": "-1"},
        {"offset": "9" * 5000},
        {"offset": "1\x00"},
        {"id_lt": "x"},
        {"id_gte": "\x00"},
        {"id_gt": "{87a9eec0-fd5f-11e8-8080-80013fed2f5b}"},
    ],
    ids=lambda query: repr(query)[:40],
)
def test_a_wrong_page(call: Caller, query: dict[str, str]) -> None:
    answer = call("GET", FEED, query=query)

    assert (call.status, answer["code"]) == (400, 8)


def test_limits_of_a_page(call: Caller) -> None:
    for start in (0, 60):
        numbers = range(start, start + 60)
        batch = [{"actor": 1, "verb": "add", "object": number} for number in numbers]
        call("POST", FEED, {"activities": batch})

    assert len(call("GET", FEED)["results"]) == 25
    assert len(call("GET", FEED, query={"limit": "1000"})["results"]) == 100
    assert call("GET", FEED, query={"offset": "999999999"})["results"] == []
    # Any UUID can be a bound; a random one has a time within the next 3,600 years.
    assert call("GET", FEED, query={"id_lt": "ffffffff-ffff-4fff-bfff-ffffffffffff", "limit": "1"})[
        "results"
    ]


def test_the_next_page_keeps_the_lower_bound(call: Caller) -> None:
    batch = [{"actor": 1, "verb": "add", "object": number} for number in range(4)]
    oldest = call("POST", FEED, {"activities": batch})["activities"][0]["id"]
    page = call("GET", FEED, query={"limit": "2", "id_gt": oldest})

    assert f"&id_gt={oldest}&" in page["next"]
    last = page["results"][-1]["id"]
    rest = call("GET", FEED, query={"limit": "2", "id_gt": oldest, "id_lt": last})
    assert (len(rest["results"]), rest["next"]) == (1, "")


@pytest.mark.parametrize(
    "path",
    [
        "feed/us-er/eric/",
        "feed/user/er.ic/",
        "feed/user/er%00ic/",
        "feed/user/%C3%A9ric/",
        "feed/user/%FF/",
        "feed/user/eric%0A/",
        f"feed/user/{'x' * 256}/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_wrong_feed(call: Caller, method: str, path: str) -> None:
    answer = call(method, path, GOOD)

    assert (call.status, answer["code"]) == (400, 4)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (f"{FEED}event:1/", {}),
        (f"{FEED}a%00b/", {"foreign_id": "1"}),
        ("activities/", {}),
        ("activities/", {"ids": ""}),
        ("activities/", {"ids": "x"}),
        ("activities/", {"ids": ",".join(str(UUID(int=number)) for number in range(101))}),
        ("activities/", {"foreign_ids": "a"}),
        ("activities/", {"foreign_ids": "a", "timestamps": ""}),
        ("activities/", {"foreign_ids": "a,b", "timestamps": "2026-01-01"}),
        ("activities/", {"foreign_ids": "a\x00", "timestamps": "2026-01-01"}),
    ],
)
def test_a_wrong_name_of_an_activity(call: Caller, path: str, query: dict[str, str]) -> None:
    answer = call("GET" if path == "activities/" else "DELETE", path, query=query)

    assert (call.status, answer["code"]) == (400, 4)


def test_a_very_long_foreign_id_does_not_exist(call: Caller) -> None:
    assert (
        call("DELETE", f"{FEED}{'x' * 5000}/", query={"foreign_id": "1"})["removed"] == "x" * 5000
    )


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "BREW"])
def test_a_wrong_method(method: str) -> None:
    response = Client().generic(method, f"/api/v1.0/{FEED}")

    assert (response.status_code, response["Allow"]) == (405, "GET, POST")
    assert response["Content-Type"] == "application/json"
    assert method == "HEAD" or response.json()["code"] == 17


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["", "nowhere/", "feed/user/eric", "a/b/c/"])
def test_a_url_that_is_not_implemented(call: Caller, method: str, path: str) -> None:
    answer = call(method, path, b"{")

    assert (call.status, answer["code"]) == (404, 16)
    assert "does not implement" in answer["detail"]


def test_no_csrf_token_is_required(call: Caller) -> None:
    call.client = Client(enforce_csrf_checks=True)

    assert call("POST", FEED, GOOD)["foreign_id"] == "event:1"


def test_an_internal_error_is_reported_in_json(
    call: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(storage, "add", lambda *_, **__: 1 / 0)
    answer = call("POST", FEED, GOOD)

    assert (call.status, answer["code"]) == (500, -1)
    assert "ZeroDivisionError" in caplog.text


def test_health() -> None:
    response = Client().get("/healthz")

    assert (response.status_code, json.loads(response.content)) == (200, {"status": "ok"})
