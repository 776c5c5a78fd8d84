"""System checks of what actions and OPTIONS declare about activities. No client, no network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from django.core.checks import CheckMessage, Error, Warning  # noqa: A004

from dj_actions.conf import get_settings
from dj_actions.policies import Ordering
from dj_actions.publishers.templates import AVAILABLE
from dj_actions_stream.declaration.activity import KEEP, Activity
from dj_actions_stream.declaration.loading import load_declaration
from dj_actions_stream.declaration.problems import problems_of
from dj_actions_stream.effects import EffectKind

Definition = Any
"""The definition of an action, as the registry has it."""

Declared = Mapping[tuple[str, Any], list[Definition]]
"""Where a declaration is, and what it is → the actions that it is for."""


def check_activities(alias: str, option: Any, where: str) -> Iterator[CheckMessage]:
    """Yield what is wrong with the declarations of a publisher: of the option, and of actions.

    Args:
        alias: the publisher.
        option: `activity` in OPTIONS.
        where: the setting, to start a message with.
    """
    for (place, declared), definitions in _declared(alias, option, where).items():
        try:
            loaded = load_declaration(declared)
        except (ImportError, TypeError) as error:
            yield Error(
                f"{place}: {error}",
                hint="Set a subclass of dj_actions_stream.Activity, a function that takes a "
                "message and an effect, or the dotted path of one of them.",
                id="dj_actions_stream.E008",
            )
            continue
        if isinstance(loaded, Activity):
            for problem in problems_of(type(loaded)):
                yield Error(f"{place}: {problem}", hint=AVAILABLE, id="dj_actions_stream.E008")
            yield from _check_order(loaded, alias, place)
            yield from _check_fields(loaded, definitions, place)


def _declared(alias: str, option: Any, where: str) -> Declared:
    """Return each declaration, with the published actions that it is for."""
    found: defaultdict[tuple[str, Any], list[Definition]] = defaultdict(list)
    patterns = option if isinstance(option, Mapping) else {"*": option}
    for pattern, declared in patterns.items():
        place = f"[{pattern!r}]" if isinstance(option, Mapping) else ""
        found[f"{where}: activity{place}", declared] = []
    for definition in published_actions(alias):
        if definition.activity is not None:
            label = f"Action {definition.label}: activity"
            key = next((key for key in found if key[1] is definition.activity), None)
            found[key or (label, definition.activity)].append(definition)
            continue
        for pattern, declared in patterns.items():
            if fnmatchcase(definition.label, pattern):
                place = f"[{pattern!r}]" if isinstance(option, Mapping) else ""
                found[f"{where}: activity{place}", declared].append(definition)
                break
    return found


def published_actions(alias: str) -> Iterator[Definition]:
    """Yield the actions whose messages a publisher gets."""
    from dj_actions.registry import registry  # noqa: PLC0415 - see `loading`

    entry = get_settings().publishers.get(alias)
    for definition in registry:
        if definition.publish is None:
            is_published = entry is not None and entry.route(definition.label) is not None
        else:
            is_published = alias in definition.publish
        if is_published:
            yield definition


def _check_order(declared: Activity, alias: str, where: str) -> Iterator[CheckMessage]:
    """Yield a warning if earlier activities are needed, but may arrive later."""
    entry = get_settings().publishers.get(alias)
    consequence = _without_order(declared)
    if consequence and entry is not None and entry.ordering is not Ordering.KEY:
        first, last = consequence
        yield Warning(
            f"{where}: {first}, but {alias!r} keeps no order: {last}.",
            hint='Set "ORDERING": "key" for the publisher.',
            id="dj_actions_stream.W001",
        )


def _without_order(declared: Activity) -> tuple[str, str] | None:
    """Return what needs earlier activities, and what happens if they arrive late."""
    if declared.earlier != KEEP:
        return (
            "earlier activities of an object are changed",
            "one that is delivered late remains as it is",
        )
    if declared.kind == EffectKind.REACT:
        return (
            "it reacts to an earlier activity of the object",
            "a reaction that is sent before its activity becomes a dead letter",
        )
    return None


def _check_fields(
    declared: Activity, definitions: list[Definition], where: str
) -> Iterator[CheckMessage]:
    """Yield a warning for a field that the input of no action has."""
    known = {name for definition in definitions for name in _input_names(definition)}
    missing = [name for name in declared.data if definitions and name not in known]
    if missing:
        labels = ", ".join(definition.label for definition in definitions)
        yield Warning(
            f"{where}: data names {', '.join(map(repr, missing))}, which the input of {labels} "
            "does not have.",
            hint=f"Their fields: {', '.join(sorted(known)) or 'none'}.",
            id="dj_actions_stream.W002",
        )


def _input_names(definition: Definition) -> frozenset[str]:
    """Return the names that the fields of an input have in a message."""
    names = frozenset(field.name for field in definition.input.fields())
    sources: frozenset[str] = definition.input.source_names(names)
    return names | sources
