"""The routes of a publisher, each with the actions whose messages take it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dj_actions.conf import get_settings

Definition = Any
"""The definition of an action, as the registry has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutedActions:
    """A route, and its actions."""

    where: str
    """The setting or the action, to start a message with."""

    options: Mapping[str, Any]
    definitions: tuple[Definition, ...]


def routed_actions(alias: str) -> Iterator[RoutedActions]:
    """Yield each route of a publisher that an action takes, and actions without a route."""
    from dj_actions.registry import registry  # noqa: PLC0415 - an app is imported before models can be

    entry = get_settings().publishers.get(alias)
    routes = entry.routes if entry else {}
    by_pattern: dict[str, list[Definition]] = {}
    for definition in registry:
        options = entry.route(definition.label) if entry else None
        if alias not in definition.publish if definition.publish is not None else options is None:
            continue
        if options is None:
            where = f"Action {definition.label}, which publishes to {alias!r}"
            yield RoutedActions(where=where, options={}, definitions=(definition,))
            continue
        pattern = next(pattern for pattern, found in routes.items() if found is options)
        by_pattern.setdefault(pattern, []).append(definition)
    for pattern, definitions in by_pattern.items():
        yield RoutedActions(
            where=f'DJ_ACTIONS["PUBLISHERS"]["{alias}"]["ROUTES"]["{pattern}"]',
            options=routes[pattern],
            definitions=tuple(definitions),
        )


def input_names(definition: Definition) -> frozenset[str]:
    """Return the names that the fields of an action's input have in a message."""
    names = frozenset(field.name for field in definition.input.fields())
    sources: frozenset[str] = definition.input.source_names(names)
    return names | sources


def sensitive_names(definition: Definition) -> frozenset[str]:
    """Return the names, in lower case, of the fields of which no record has the value."""
    declared = definition.sensitive | definition.input.sensitive_names()
    names: frozenset[str] = declared | frozenset(definition.input.source_names(declared))
    return frozenset(name.lower() for name in names).union(get_settings().sensitive_fields)
