"""The checks of publishers and their routes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from django.core.checks import CheckMessage, Error, Warning  # noqa: A004

from dj_actions.conf import Settings
from dj_actions.exceptions import InvalidSetting
from dj_actions.publishers import BasePublisher, publishers
from dj_actions.publishers.handler import publisher_class
from dj_actions.registry import registry
from dj_actions.text import did_you_mean


def check_publishers(settings: Settings) -> Iterator[CheckMessage]:
    """Check that each publisher can be created, its own checks, and its routes."""
    for alias, entry in settings.publishers.items():
        try:
            publisher_class(alias, entry)
            publisher = publishers[alias]
        except InvalidSetting as error:
            yield Error(str(error), hint=_extra_to_install(error), id="dj_actions.E002")
        else:
            yield from publisher.check()
            yield from _check_routes(settings, publisher)


def _extra_to_install(error: BaseException) -> str | None:
    """Return the hint of an integration whose third-party library is not installed."""
    cause = error.__cause__
    return str(cause) if isinstance(cause, ImportError) and "pip install" in str(cause) else None


def _check_routes(settings: Settings, publisher: BasePublisher) -> Iterator[CheckMessage]:
    """Check each route, and each action that names the publisher but has no route to it."""
    alias = publisher.alias
    entry = settings.publishers[alias]
    for pattern, options in entry.routes.items():
        where = f'DJ_ACTIONS["PUBLISHERS"]["{alias}"]["ROUTES"]["{pattern}"]'
        yield from _check_unknown_options(publisher, options, where)
        yield from publisher.check_route(options, where)
    for definition in registry:
        if alias in (definition.publish or ()) and entry.route(definition.label) is None:
            yield from publisher.check_route(
                {}, f"Action {definition.label}, which publishes to {alias!r}"
            )
    if not entry.routes and not any(alias in (action.publish or ()) for action in registry):
        yield Warning(
            f'DJ_ACTIONS["PUBLISHERS"]["{alias}"] receives nothing: it has no ROUTES, and no '
            "action names it in `publish`.",
            hint="Add ROUTES, for example ['todo.*']; or remove the publisher when its open "
            "deliveries are settled.",
            id="dj_actions.W006",
        )


def _check_unknown_options(
    publisher: BasePublisher, options: Mapping[str, Any], where: str
) -> Iterator[CheckMessage]:
    known = publisher.route_options
    for name in options:
        if name not in known:
            yield Error(
                f"{where}: unknown option {name!r}.{did_you_mean(name, known)}",
                hint=f"Options of {type(publisher).__name__} for a route: "
                f"{', '.join(known) or 'none'}. A publisher of your own lists them in "
                "`route_options`.",
                id="dj_actions.E006",
            )


def check_patterns(settings: Settings) -> Iterator[CheckMessage]:
    """Check that each pattern of a route is used. All actions must be registered by then."""
    labels = [definition.label for definition in registry]
    for alias, entry in settings.publishers.items():
        where = f'DJ_ACTIONS["PUBLISHERS"]["{alias}"]["ROUTES"]'
        rest = labels
        for pattern in entry.routes:
            if not any(fnmatchcase(label, pattern) for label in labels):
                yield Warning(
                    f"{where}: {pattern!r} matches no registered action."
                    f"{did_you_mean(pattern, labels)}",
                    hint="Patterns match `resource.action`, for example 'todo.*'.",
                    id="dj_actions.W001",
                )
            elif not any(fnmatchcase(label, pattern) for label in rest):
                yield Warning(
                    f"{where}: {pattern!r} is never used, as patterns above it match the same "
                    "actions.",
                    hint="The first pattern that matches counts. Move it up.",
                    id="dj_actions.W009",
                )
            rest = [label for label in rest if not fnmatchcase(label, pattern)]
