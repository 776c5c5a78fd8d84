"""System checks of a publisher's OPTIONS and of its routes. No client, no network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.checks import CheckMessage, Error

from dj_actions.publishers.http import is_base_url, is_timeout, without_credentials
from dj_actions.publishers.templates import AVAILABLE, Template
from dj_actions_stream.activities.conversion import MAX_TARGETS
from dj_actions_stream.declaration.problems import feed_problems

LOCATION = re.compile(r"[a-z0-9-]+")


def check_credentials(api_key: str, api_secret: str, where: str) -> Iterator[CheckMessage]:
    """Yield an error for each of the two that is empty."""
    for name, value in (("api_key", api_key), ("api_secret", api_secret)):
        if not value:
            yield Error(
                f"{where}: {name} is empty.",
                hint="Read it from the environment. Stream's dashboard shows it.",
                id="dj_actions_stream.E001",
            )


def check_address(base_url: str | None, location: str | None, where: str) -> Iterator[CheckMessage]:
    """Yield an error if the address of the server cannot work."""
    if base_url is not None and not is_base_url(base_url):
        yield Error(
            f"{where}: base_url is {without_credentials(base_url)!r}, which is not a base URL.",
            hint="Set scheme, host and port only, for example 'http://localhost:9000'.",
            id="dj_actions_stream.E002",
        )
    if location is not None and (base_url is not None or not LOCATION.fullmatch(location)):
        yield Error(
            f"{where}: location is {location!r}, "
            + ("but base_url is set, too." if base_url is not None else "which is not a region."),
            hint="Set base_url for a server of your own, or a region such as 'us-east' for "
            "Stream's.",
            id="dj_actions_stream.E005",
        )


def check_timeouts(timeouts: tuple[float, float], where: str) -> Iterator[CheckMessage]:
    """Yield an error for each timeout with which nothing can be sent."""
    for name, seconds in zip(("connect_timeout", "timeout"), timeouts, strict=True):
        if not is_timeout(seconds):
            yield Error(
                f"{where}: {name} is {seconds!r}, with which nothing is sent.",
                hint="Set it to the seconds to wait, above 0.",
                id="dj_actions_stream.E004",
            )


def check_feeds(name: str, value: object, where: str) -> Iterator[CheckMessage]:
    """Yield an error for each template of feeds that no message can fill.

    Args:
        name: the option.
        value: its value.
        where: the setting, to start a message with.
    """
    for problem in feed_problems(name, value):
        yield Error(
            f"{where}: {problem}",
            hint="Use templates like 'user:{actor}'. " + AVAILABLE,
            id="dj_actions_stream.E003",
        )
    if name == "to" and isinstance(value, list | tuple) and len(value) > MAX_TARGETS:
        yield Error(
            f"{where}: to has {len(value)} feeds; more than {MAX_TARGETS} need several calls for "
            "each activity.",
            hint="Let several feeds follow one that gets the copy.",
            id="dj_actions_stream.E006",
        )


def check_route(options: Mapping[str, Any], where: str) -> Iterator[CheckMessage]:
    """Yield an error for each option of a route that no message can use."""
    for name in ("feed", "to"):
        if name in options:
            yield from check_feeds(name, options[name], where)
    if "verb" in options:
        yield from _check_verb(options["verb"], where)


def _check_verb(verb: object, where: str) -> Iterator[CheckMessage]:
    try:
        problem = "" if Template.parse(verb).parts else "it is empty"
    except (TypeError, ValueError) as error:
        problem = str(error)
    if problem:
        yield Error(
            f"{where}: invalid verb {verb!r}: {problem}",
            hint="Use a word, or a template like '{resource}_{action}'. " + AVAILABLE,
            id="dj_actions_stream.E003",
        )


def check_page_url(page_url: object, where: str) -> Iterator[CheckMessage]:
    """Yield an error if the template of links cannot be filled, or has no scheme."""
    try:
        url = str(page_url).format(group="group", id="id", activity="activity")
    except (LookupError, AttributeError, ValueError) as error:
        url, problem = "", f": {error}"
    else:
        problem = ""
    if problem or (page_url and not url.startswith(("http://", "https://"))):
        yield Error(
            f"{where}: page_url is {page_url!r}, which is not the address of a page{problem}.",
            hint="For example 'https://example.com/feeds/{group}/{id}/#{activity}'.",
            id="dj_actions_stream.E007",
        )
