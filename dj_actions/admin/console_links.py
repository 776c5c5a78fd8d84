"""Links from the admin into the console, for users who may see it."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from dj_actions.console.access import Verb, may

CONSOLE = "dj_actions.console"


def console_url(request: HttpRequest, page: str, *arguments: Any) -> str:
    """Return the URL of a page of the console.

    Empty if the console is not installed or not in the URLs, or if the user may not see it.

    Args:
        request: the request of the user.
        page: name of the page in the console's URLs.
        arguments: of the page.
    """
    if not (apps.is_installed(CONSOLE) and may(request.user, Verb.VIEW)):
        return ""
    try:
        return reverse(f"dj_actions_console:{page}", args=arguments)
    except NoReverseMatch:
        return ""
