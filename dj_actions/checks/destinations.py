"""What the destinations themselves say, for `manage.py check --deploy`: this uses the network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Warning, register  # noqa: A004

from dj_actions.conf import get_settings
from dj_actions.declaration.discovery import load_viewsets
from dj_actions.exceptions import InvalidSetting, error_message
from dj_actions.publishers import BasePublisher, publishers


@register("dj_actions", deploy=True)
def check_destinations(**_: Any) -> list[CheckMessage]:
    """Check that what the routes of each publisher name exists, and may be used."""
    try:
        aliases = list(get_settings().publishers)
        load_viewsets()
    except Exception:  # noqa: BLE001 - reported by the checks of the settings and of the URLs
        return []
    return [message for alias in aliases for message in _check(alias)]


def _check(alias: str) -> Iterator[CheckMessage]:
    try:
        publisher = publishers[alias]
    except InvalidSetting:
        return  # reported by the check of the settings
    try:
        yield from check_destination(publisher)
    finally:
        publisher.close()


def check_destination(publisher: BasePublisher) -> Iterator[CheckMessage]:
    """Yield what the destination of a publisher says; a warning if it says nothing."""
    try:
        yield from publisher.check_deployed()
    except Exception as error:  # noqa: BLE001 - any exception of a publisher is a finding
        yield Warning(
            f'DJ_ACTIONS["PUBLISHERS"]["{publisher.alias}"]: the destination cannot be checked: '
            f"{type(error).__name__}: {error_message(error)}",
            hint="Run it where the destination can be reached, or silence dj_actions.W012.",
            id="dj_actions.W012",
        )
