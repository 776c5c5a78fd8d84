"""System checks of a publisher's OPTIONS and of its routes. No client, no network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from django.core.checks import CheckMessage, Error

from dj_actions.publishers.http import is_base_url, is_timeout, without_credentials
from dj_actions_stream.activities import MAX_TARGETS
from dj_actions_stream.feed_ids import FeedId

LOCATION = re.compile(r"[a-z0-9-]+")

PLACEHOLDERS = ("actor", "object", "resource", "action")


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


def check_templates(templates: Sequence[object], where: str) -> Iterator[CheckMessage]:
    """Yield an error for each template that no message can fill."""
    example = dict.fromkeys(PLACEHOLDERS, "x")
    for template in templates:
        try:
            FeedId.parse(_text(template).format(**example))
        except (LookupError, AttributeError, TypeError, ValueError) as error:
            yield Error(
                f"{where}: invalid feed template {template!r}: {error}",
                hint="Use a template like 'user:{actor}'. Available placeholders: {actor}, "
                "{object}, {resource} and {action}.",
                id="dj_actions_stream.E003",
            )


def check_number_of_targets(to: Sequence[str], where: str) -> Iterator[CheckMessage]:
    """Yield an error if each activity would have more targets than Stream accepts."""
    if len(to) > MAX_TARGETS:
        yield Error(
            f"{where}: to has {len(to)} feeds; Stream accepts {MAX_TARGETS} for an activity.",
            hint="Let several feeds follow one that gets the copy.",
            id="dj_actions_stream.E006",
        )


def _text(template: object) -> str:
    if isinstance(template, str):
        return template
    raise TypeError("expected a string")
