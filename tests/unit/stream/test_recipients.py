"""Recipients name feeds, as templates do."""

from __future__ import annotations

from typing import Any

import pytest
from dj_actions_stream import Feed, StreamPublisher, feed_of
from django.contrib.auth.models import Group, User

SAFE_EMAIL = "user:ann_example_com--71d4f55f72fa"


@pytest.mark.parametrize(
    ("entry", "feed"),
    [
        ("team:7", "team:7"),
        ("user:ann@example.com", SAFE_EMAIL),
        (Feed("user", "ann@example.com"), SAFE_EMAIL),
        (User(pk=7), "user:7"),
        (Group(pk=3), "group:3"),
        (feed_of(User(pk="ann@example.com")), SAFE_EMAIL),
    ],
)
def test_a_recipient_names_a_feed(entry: Any, feed: str) -> None:
    assert StreamPublisher.recipient(entry) == feed


@pytest.mark.parametrize(
    "entry",
    [*("ann@example.com", "user", "user:", "us er:1", "", ":7", "user:None"), User()],
)
def test_what_names_no_feed_is_refused(entry: Any) -> None:
    with pytest.raises(ValueError, match="feed"):
        StreamPublisher.recipient(entry)


def test_a_feed_is_a_string_with_a_group_and_a_key() -> None:
    feed = Feed("user", "ann@example.com")

    assert (feed, feed.group, feed.key) == (SAFE_EMAIL, "user", "ann_example_com--71d4f55f72fa")


@pytest.mark.parametrize("key", [None, User(pk=7)])
def test_a_key_is_a_primary_key(key: Any) -> None:
    with pytest.raises(ValueError, match="primary key"):
        Feed("user", key)


def test_a_feed_of_another_group_can_be_named() -> None:
    assert feed_of(User(pk=7), "timeline") == "timeline:7"


def test_an_object_that_is_not_saved_has_no_feed() -> None:
    with pytest.raises(ValueError, match="not saved"):
        feed_of(User())
