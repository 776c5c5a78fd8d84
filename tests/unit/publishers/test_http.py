"""What a Retry-After header says, and which URLs are base URLs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from dj_actions.publishers.http import is_base_url, retry_after_seconds


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
        pytest.param("9" * 400, id="more than a float holds"),
    ],
)
def test_an_invalid_retry_after_is_ignored(header: str | None) -> None:
    assert retry_after_seconds(header) is None


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
