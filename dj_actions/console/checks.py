"""System checks of the `DJ_ACTIONS_CONSOLE` setting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage, Error

from dj_actions.console.conf import get_console_settings
from dj_actions.exceptions import InvalidSetting


def check_access(**_: Any) -> Iterable[CheckMessage]:
    """Yield an error if the setting is invalid."""
    try:
        get_console_settings()
    except InvalidSetting as error:
        yield Error(str(error), hint="See docs/console.md.", id="dj_actions_console.E001")
