"""The feed groups that the settings of a publisher imply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from dj_actions.conf import PublisherSettings, get_settings
from dj_actions.publishers.templates import Template
from dj_actions_stream.declaration.activity import FEEDS, Activity
from dj_actions_stream.declaration.checks import Definition, published_actions
from dj_actions_stream.declaration.loading import activity_option, load_declaration
from dj_actions_stream.feed_ids import safe_slug
from dj_actions_stream.feed_templates import FeedTemplate
from dj_actions_stream.publishing.base import FeedsPublisher


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpliedGroups:
    """Groups that a publisher needs, as far as the settings say."""

    sources: Mapping[str, list[str]]
    """Name of a group → the options and declarations that imply it."""

    unknown: list[str] = field(default_factory=list)
    """Declarations that are functions: which groups they need is known when they run."""


def implied_groups(publisher: FeedsPublisher) -> ImpliedGroups:
    """Return the groups of all feeds that templates of a publisher name.

    Raises:
        ImportError: a declaration cannot be imported.
        TypeError: a declaration or a template has the wrong type.
        ValueError: a template is invalid.
    """
    sources: dict[str, dict[str, None]] = {}
    unknown: list[str] = []
    for source, templates, definitions in _declared(publisher):
        if callable(templates):
            unknown.append(source)
            continue
        for group in _groups_named_by(templates, definitions):
            sources.setdefault(group, {})[source] = None  # several actions may have the same one
    return ImpliedGroups(
        sources={group: list(found) for group, found in sources.items()}, unknown=unknown
    )


Declared = tuple[str, Any, list[Definition]]
"""Where templates of feeds are declared, the templates, and the actions they are for."""


def _declared(publisher: FeedsPublisher) -> Iterator[Declared]:
    entry = get_settings().publishers[publisher.alias]
    published = list(published_actions(publisher.alias))
    yield "OPTIONS feed", publisher.mapping.feed, published
    yield "OPTIONS to", publisher.mapping.to, published
    yield from _declared_by_routes(entry, published)
    for definition in published:
        yield from _declared_by_action(definition, publisher.mapping.activity)


def _declared_by_routes(
    entry: PublisherSettings, published: Iterable[Definition]
) -> Iterator[Declared]:
    for pattern, options in entry.routes.items():
        matching = [action for action in published if fnmatchcase(action.label, pattern)]
        for name in ("feed", "to"):
            if name in options:
                yield f'ROUTES "{pattern}" {name}', options[name], matching


def _declared_by_action(definition: Definition, option: Any) -> Iterator[Declared]:
    declared = definition.activity or activity_option(option, definition.label)
    loaded = load_declaration(declared)
    if not isinstance(loaded, Activity):
        yield f"{definition.label}: activity", loaded, [definition]
        return
    for name in FEEDS:
        templates = getattr(loaded, name)
        if templates:
            yield f"{type(loaded).__name__}.{name}", templates, [definition]


def _groups_named_by(
    templates: str | Iterable[str], definitions: Iterable[Definition]
) -> Iterable[str]:
    """Return the groups of one or several templates of feeds, each once."""
    each = [templates] if isinstance(templates, str) else templates
    parsed = [FeedTemplate.parse(template).group for template in each]
    return dict.fromkeys(group for one in parsed for group in _groups_of(one, definitions))


def _groups_of(template: Template, definitions: Iterable[Definition]) -> set[str]:
    """Return the groups of a template, which may contain the names of resource and action."""
    if not template.names:
        return {"".join(part for part in template.parts if isinstance(part, str))}
    return {
        safe_slug(
            "".join(
                part
                if isinstance(part, str)
                else {"resource": definition.resource, "action": definition.name}[part.path[0]]
                for part in template.parts
            )
        )
        for definition in definitions
    }
