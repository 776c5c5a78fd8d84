"""System checks of the `DJ_ACTIONS_CONSOLE` setting, and of the sections that apps add."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.checks import CheckMessage, Error
from django.urls import NoReverseMatch, reverse

from dj_actions.console.conf import get_console_settings
from dj_actions.console.sections import sections
from dj_actions.exceptions import InvalidSetting


def check_access(**_: Any) -> Iterable[CheckMessage]:
    """Yield an error if the setting is invalid."""
    try:
        get_console_settings()
    except InvalidSetting as error:
        yield Error(str(error), hint="See docs/console.md.", id="dj_actions_console.E001")


def check_sections(**_: Any) -> Iterable[CheckMessage]:
    """Yield an error for each section without the page that the navigation leads to."""
    for section in sections():
        try:
            reverse("index", urlconf=section.urls)
        except NoReverseMatch:
            yield Error(
                f"The section {section.name!r} of the console has no page named 'index' in "
                f"{section.urls}.",
                hint="Name the URL of its first page index.",
                id="dj_actions_console.E002",
            )
        except ImportError as error:
            yield Error(
                f"The URLconf of the section {section.name!r} of the console cannot be imported: "
                f"{error}",
                hint="Set its urls to the dotted path of a module with urlpatterns.",
                id="dj_actions_console.E002",
            )
