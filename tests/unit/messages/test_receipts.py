"""What a receipt may contain."""

from __future__ import annotations

from typing import Any

import pytest

from dj_actions.messages import Receipt, ReceiptPart, web_url
from dj_actions.messages.receipts import MAX_PARTS


def parts(count: int) -> tuple[ReceiptPart, ...]:
    """Return some parts."""
    return tuple(ReceiptPart(id=f"run-{number}", scope="a") for number in range(count))


def test_the_first_part_is_the_receipt_itself() -> None:
    assert Receipt(id="run-0", scope="a", parts=parts(2)).parts[1].id == "run-1"


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"id": "run-1", "scope": "a", "parts": parts(2)}, "first of a receipt's `parts`"),
        ({"id": "run-0", "scope": "b", "parts": parts(2)}, "first of a receipt's `parts`"),
        (
            {"id": "run-0", "scope": "a", "parts": parts(MAX_PARTS + 1)},
            "1001 `parts`; at most 1000",
        ),
        ({"id": "run-0", "scope": "a", "parts": ("run-0",)}, "must be ReceiptParts"),
    ],
)
def test_other_parts_are_refused(values: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Receipt(**values)


@pytest.mark.parametrize(
    "values",
    [{"id": ""}, {"id": 7}, {"id": "x" * 256}, {"id": "x", "scope": "\x00"}, {"id": "x", "url": 1}],
)
def test_a_part_has_to_be_storable(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="receipt"):
        ReceiptPart(**values)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/dags/a", "https://airflow.example.com/"])
def test_a_page_may_link_to_a_web_page(url: str) -> None:
    assert web_url(url) == url


@pytest.mark.parametrize(
    "url",
    ["", "javascript:alert(1)", " https://example.com", "HTTPS:alert(1)", "//example.com", "/x"],
)
def test_a_page_links_to_nothing_else(url: str) -> None:
    assert web_url(url) == ""
