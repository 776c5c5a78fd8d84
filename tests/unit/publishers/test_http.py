"""What headers say about a wait, and which URLs are base URLs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from dj_actions.exceptions import PublisherUnavailable, RateLimited
from dj_actions.publishers.http import (
    is_base_url,
    rate_limit_wait,
    retry_after_seconds,
    sentences,
    with_status,
)


@pytest.mark.parametrize(
    ("header", "wait"), [("0", 0.0), ("1", 1.0), ("120", 120.0), (" 7 ", 7.0), ("86400000", 86.4e6)]
)
def test_a_retry_after_in_seconds_is_read(header: str, wait: float) -> None:
    assert retry_after_seconds(header) == wait


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "soon",
        "1, 2",
        "-1",
        "inf",
        "-inf",
        "nan",
        "1_000",
        "1e3",
        "\u0667",
        "+7",
        "Wed, 21 Oct 2015 07:28:00 +99999999999999999999",
        "Wed, 21 Oct 2015 07:28:00 -9999",
        "Wed, 21 Oct 99999999999999999999 07:28:00 GMT",
        "Wed, 99 Oct 2015 07:28:00 GMT",
        "()",
        ",",
        "\x00",
        pytest.param("9" * 400, id="more than a float holds"),
        pytest.param("(" * 10_000, id="endless comments"),
    ],
)
def test_an_invalid_retry_after_is_ignored(header: str | None) -> None:
    assert retry_after_seconds(header) is None


@pytest.mark.parametrize("zone", ["+2359", "-2359", "GMT", ""])
@pytest.mark.parametrize("year", ["0001", "9999"])
def test_a_date_at_the_end_of_time_is_read(year: str, zone: str) -> None:
    wait = retry_after_seconds(f"Mon, 01 Jan {year} 00:00:00 {zone}")

    assert wait is not None
    assert wait >= 0


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"X-RateLimit-Reset": "soon"}, None),
        ({"X-RateLimit-Reset": "-7"}, None),
        ({"X-RateLimit-Reset": "7"}, 7.0),
        ({"X-RateLimit-Reset": "1000000000"}, 0.0),
        ({"Retry-After": "5", "X-RateLimit-Reset": "7"}, 5.0),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "7"}, 7.0),
    ],
)
def test_the_end_of_a_rate_limit_is_read_where_a_wait_is_missing(
    headers: dict[str, str], wait: float | None
) -> None:
    assert rate_limit_wait(headers) == wait


def test_the_end_of_a_rate_limit_may_be_a_moment() -> None:
    reset = str(int(datetime.now(UTC).timestamp()) + 90)

    assert rate_limit_wait({"X-RateLimit-Reset": reset}) == pytest.approx(90, abs=5)


def test_parts_of_a_message_end_with_one_full_stop_each() -> None:
    assert sentences("405 Not Allowed", "Is it down?", " Check it. ", "Do") == (
        "405 Not Allowed. Is it down? Check it. Do."
    )


def test_a_retry_after_may_be_a_date() -> None:
    soon = datetime.now(UTC) + timedelta(seconds=90)

    assert retry_after_seconds(format_datetime(soon, usegmt=True)) == pytest.approx(90, abs=5)
    assert retry_after_seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0


@pytest.mark.parametrize(
    "url", ["http://a", "https://a.example:8443", "https://a.example/", "http://[::1]:8080"]
)
def test_a_base_url_has_a_scheme_a_host_and_a_port(url: str) -> None:
    assert is_base_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.example",
        "ftp://a.example",
        "https://",
        "https://user@a.example",
        "https://user:secret@a.example",
        "https://a.example/api",
        "https://a.example?x=1",
        "https://a.example#x",
        "https://a.example:port",
        "https://a.example:65536",
    ],
)
def test_any_other_url_is_not_a_base_url(url: str) -> None:
    assert not is_base_url(url)


@pytest.mark.parametrize("status", [100, 204, 404, 503, 599])
def test_an_error_has_the_status_of_its_response(status: int) -> None:
    error = with_status(RateLimited("slow down", retry_after=5), status)

    assert (error.status, error.retry_after) == (status, 5)


@pytest.mark.parametrize("status", [None, 0, -1, 99, 600, "503", 503.0, True])
def test_what_is_not_a_status_is_none(status: object) -> None:
    assert with_status(PublisherUnavailable("no", status=500), status).status is None
