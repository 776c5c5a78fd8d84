"""System checks of the `DJ_ACTIONS_FEEDS` setting. No client, no network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from dj_actions.conf import get_settings
from dj_actions.exceptions import InvalidSetting
from dj_actions_stream.feeds.conf import SETTING, get_feed_settings
from dj_actions_stream.feeds.connection import feeds_publisher, stream_publishers
from dj_actions_stream.feeds.objects import resource_of
from dj_actions_stream.feeds.rules import object_viewer


def check_rules(**_: Any) -> Iterable[CheckMessage]:
    """Yield an error if the setting is invalid, or a rule needs what is not declared."""
    try:
        settings = get_feed_settings()
    except InvalidSetting as error:
        yield Error(str(error), hint="See docs/feeds.md.", id="stream_feeds.E001")
        return
    for group, rule in settings.groups.items():
        if rule is object_viewer and resource_of(group) is None:
            yield Error(
                f'{SETTING}["GROUPS"]["{group}"] is object_viewer, but "OBJECTS" has no {group!r}.',
                hint=f'Add a function of the user to {SETTING}["OBJECTS"] that returns the '
                "queryset of the objects that the user may see.",
                id="stream_feeds.E002",
            )


def check_publisher(**_: Any) -> Iterable[CheckMessage]:
    """Yield a warning if it is not clear with which publisher feeds are read, or there is none."""
    try:
        if not hasattr(django_settings, SETTING) and not stream_publishers(
            get_settings().publishers
        ):
            return  # nothing of feeds is configured
        get_feed_settings()
    except InvalidSetting:
        return  # other checks report it
    try:
        feeds_publisher()
    except InvalidSetting as error:
        yield CheckWarning(
            f"No feed can be read. {error}",
            hint='Configure a StreamPublisher, and set DJ_ACTIONS_FEEDS["PUBLISHER"] to its alias.',
            id="stream_feeds.W001",
        )
