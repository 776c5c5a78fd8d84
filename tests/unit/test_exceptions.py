"""The texts of errors, which are logged, stored and shown, contain no credentials."""

from __future__ import annotations

import pytest

from dj_actions.exceptions import PublisherUnavailable, error_message
from dj_actions.publishers.http import without_credentials, without_secrets

SECRET = "hush"


@pytest.mark.parametrize(
    "text",
    [
        f"Failed to parse: http://ann:{SECRET}@proxy:99999",
        f"http://{SECRET}@host/path and 'https://ann:{SECRET}@host'",
        f"http://ann:{SECRET}@{SECRET}@host",
        f"http://ann:{SECRET}/{SECRET}@host",
        f"http://ann:1{SECRET}/@host",
        f"redis://:{SECRET}@host",
        f"Max retries exceeded with url: /api/v1.0/feed/user/1/?api_key={SECRET}&x=1 (Caused by …",
        f"/hook?access_token={SECRET}",
        f"/hook?a=1;X-Amz-Signature={SECRET}#top",
        f"/hook?sig={SECRET}&password={SECRET}",
        rf"Invalid header value b'Bearer {SECRET}.{SECRET}\n'",
        f"'Basic {SECRET}=='",
    ],
)
def test_credentials_are_replaced(text: str) -> None:
    for shown in (without_secrets(text), error_message(PublisherUnavailable(text))):
        assert SECRET not in shown
        assert "[redacted]" in shown


@pytest.mark.parametrize(
    "text",
    [
        "Connection refused",
        "http://airflow:8080/api/v2/dags/~/dagRuns?limit=100&author=ann",
        "http://host:8080/@ann",
        "http://host/ann@example.com",
        "Bearer tokens are required; Basic authentication is not supported.",
        "key=value",
    ],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert without_secrets(text) == text


def test_the_parts_around_credentials_stay() -> None:
    text = f"GET http://ann:{SECRET}@host:9000/feed/?api_key={SECRET}&x=1 failed"

    assert without_secrets(text) == (
        "GET http://[redacted]@host:9000/feed/?api_key=[redacted]&x=1 failed"
    )


def test_a_text_without_end_is_cut() -> None:
    assert len(error_message(PublisherUnavailable("://a:" * 10**6))) <= 10_000


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"http://ann:{SECRET}@host:80", "http://host:80"),
        (f"http://ann:{SECRET}/{SECRET}@host", "http://host"),
        (f"http://ann:{SECRET}://{SECRET}@host", "http://host"),
        (f"ann:{SECRET}@host", "host"),
        ("http://host:80", "http://host:80"),
        ("", ""),
    ],
)
def test_a_url_is_shown_without_its_user(url: str, shown: str) -> None:
    assert without_credentials(url) == shown
