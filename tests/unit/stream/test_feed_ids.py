"""Feed ids: parsed, filled in from templates, and valid for any primary key."""

from __future__ import annotations

import re
from itertools import combinations
from uuid import UUID

import pytest
from dj_actions_stream.feed_ids import FeedId, safe_id, safe_slug

SAFE = ["7", "ann", "ANN", "a-b", "a_b", "-", "_", str(UUID(int=7)), "x" * 100]
TRICKY = [
    "",
    " ",
    ".",
    "..",
    "a b",
    "a  b",
    "a.b",
    "a:b",
    "a/b",
    "a\\b",
    "a?b",
    "a#b",
    "a%20b",
    "ann@example.com",
    "ann+1@example.com",
    "ann\n",
    "ünï",
    "u\u0308ni\u0308",
    "名前",
    "\u0661",
    "\x00",
    "x" * 300,
    "y" * 300,
    "x" * 100 + ".a",
    "x" * 100 + ".b",
]


@pytest.mark.parametrize(
    ("text", "feed"),
    [
        ("user:7", FeedId("user", "7")),
        ("time_line2:a-B_3", FeedId("time_line2", "a-B_3")),
        (f"user:{UUID(int=1)}", FeedId("user", str(UUID(int=1)))),
    ],
)
def test_a_feed_is_read_and_written_alike(text: str, feed: FeedId) -> None:
    assert (FeedId.parse(text), str(feed)) == (feed, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "user",
        ":",
        "user:",
        ":7",
        "user:7:8",
        "us-er:7",
        "usér:7",
        "user:ann@example.com",
        "user: 7",
        " user:7",
        "user:7\n",
        "user:\u0667",
        "user:..",
        "user:7 token",
    ],
)
def test_an_invalid_feed_id_is_rejected_with_the_rule(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a valid feed id; expected 'group:id'"):
        FeedId.parse(text)


@pytest.mark.parametrize("key", TRICKY)
def test_any_key_has_a_feed_that_stream_accepts(key: str) -> None:
    feed = FeedId.of("user", key)

    assert FeedId.parse(str(feed)) == feed


def test_a_group_cannot_be_made_safe_silently() -> None:
    with pytest.raises(ValueError, match="is not a valid feed id"):
        FeedId.of("us-er", 7)


@pytest.mark.parametrize("length", [1, 100, 255])
def test_a_feed_fits_the_column_it_is_stored_in(length: int) -> None:
    assert len(str(FeedId.of("x" * 100, "y" * length))) <= 255


@pytest.mark.parametrize(
    ("text", "group"), [("todo", "todo"), ("my-todo", "my_todo"), ("Täsk x", "T_sk_x")]
)
def test_a_resource_is_a_group(text: str, group: str) -> None:
    assert safe_slug(text) == group


@pytest.mark.parametrize("text", SAFE)
def test_a_safe_id_stays_as_it_is(text: str) -> None:
    assert safe_id(text) == text


@pytest.mark.parametrize("text", TRICKY)
def test_a_hashed_id_has_allowed_characters_only(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]+", safe_id(text))


@pytest.mark.parametrize("text", TRICKY)
def test_a_hashed_id_is_the_same_every_time(text: str) -> None:
    assert safe_id(text) == safe_id(text)


def test_no_two_strings_share_an_id() -> None:
    shared = [(a, b) for a, b in combinations(SAFE + TRICKY, 2) if safe_id(a) == safe_id(b)]

    assert shared == []


def test_a_hashed_id_cannot_be_claimed_by_another_key() -> None:
    """A key that looks like a hashed id is hashed again."""
    assert [text for text in TRICKY if safe_id(safe_id(text)) == safe_id(text)] == []
