"""The DJ_ACTIONS_FEEDS setting, and its system checks."""

from __future__ import annotations

from typing import Any

import pytest
from dj_actions_stream.feeds.conf import get_feed_settings
from dj_actions_stream.feeds.objects import source_of
from django.contrib.auth.models import AnonymousUser
from django.core.checks import run_checks
from pytest_django import Settings

from dj_actions.exceptions import InvalidSetting
from tests.fixtures.scripted_server import ScriptedServer

FEEDS = {
    "BACKEND": "dj_actions_stream.StreamPublisher",
    "OPTIONS": {"api_key": "key", "api_secret": "secret-of-more-than-32-bytes-by-far"},
}


def ids_of_checks() -> list[str]:
    """Return the ids of the messages about feeds."""
    return sorted(str(entry.id) for entry in run_checks() if "stream_feeds" in str(entry.id))


@pytest.mark.parametrize(
    "value",
    [
        [],
        {"PUBLISHERS": "feeds"},
        {"PUBLISHER": 1},
        {"GROUPS": ["user"]},
        {"GROUPS": {"user": "authenticated"}},
        {"GROUPS": {"user": "dj_actions_stream.feeds.rules.nothing"}},
        {"GROUPS": {"user": 1}},
        {"GROUPS": {"my-group": "dj_actions_stream.feeds.rules.owner"}},
        {"OBJECTS": {"todo": 1}},
        {"SERIALIZERS": ["todo.mark_done"]},
        {"SERIALIZERS": {"todo.mark_done": "dj_actions_stream.feeds.rules.owner"}},
        {"SERIALIZERS": {"todo.mark_done": "rest_framework.serializers.Nothing"}},
        {"SERIALIZERS": {"mark_done": "rest_framework.serializers.Serializer"}},
        {"SERIALIZERS": {"todo.mark_done": None}},
        {"PAGE_SIZE": 0},
        {"PAGE_SIZE": 101},
        {"PAGE_SIZE": "25"},
        {"PAGE_SIZE": 2.5},
        {"TOKEN_LIFETIME": 0},
        {"TOKEN_LIFETIME": float("nan")},
        {"TOKEN_LIFETIME": True},
    ],
)
def test_an_invalid_value_is_refused(settings: Settings, value: Any) -> None:
    settings.DJ_ACTIONS_FEEDS = value
    with pytest.raises(InvalidSetting, match="DJ_ACTIONS_FEEDS"):
        get_feed_settings()
    assert ids_of_checks() == ["stream_feeds.E001"]


def test_a_rule_for_objects_needs_their_queryset(
    settings: Settings, server: ScriptedServer
) -> None:
    rule = "dj_actions_stream.feeds.rules.object_viewer"
    settings.DJ_ACTIONS_FEEDS = {"GROUPS": {"todo": rule}}

    assert ids_of_checks() == ["stream_feeds.E002"]


def test_the_publisher_has_to_be_clear(settings: Settings) -> None:
    assert ids_of_checks() == []
    settings.DJ_ACTIONS_FEEDS = {}
    assert ids_of_checks() == ["stream_feeds.W001"]
    settings.DJ_ACTIONS = {"PUBLISHERS": {"one": FEEDS}}
    assert ids_of_checks() == []
    settings.DJ_ACTIONS = {"PUBLISHERS": {"one": FEEDS, "two": FEEDS}}
    assert ids_of_checks() == ["stream_feeds.W001"]
    settings.DJ_ACTIONS_FEEDS = {"PUBLISHER": "two"}
    assert ids_of_checks() == []
    settings.DJ_ACTIONS_FEEDS = {"PUBLISHER": "three"}
    assert ids_of_checks() == ["stream_feeds.W001"]


def test_a_queryset_has_to_be_one(settings: Settings) -> None:
    settings.DJ_ACTIONS_FEEDS = {"OBJECTS": {"todo": lambda user: []}}
    with pytest.raises(InvalidSetting, match="todo"):
        source_of("todo", AnonymousUser())
