"""The objects that activities refer to: the models of resources, and what a viewer may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import CompositePrimaryKey, Model, QuerySet

from dj_actions.exceptions import InvalidSetting
from dj_actions.registry import registry
from dj_actions_stream.feed_ids import FeedId, safe_slug
from dj_actions_stream.feeds.conf import SETTING, get_feed_settings

if TYPE_CHECKING:
    from dj_actions_stream.feeds.users import Viewer

USER = "user"
"""The resource of actors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectSource:
    """Where the objects of a resource are found."""

    queryset: QuerySet[Any]
    """The objects that the viewer may see."""

    shows_names: bool
    """Whether the objects' current names may be shown: a project has declared who sees them."""

    def find(self, keys: Iterable[str]) -> dict[str, Model]:
        """Return the objects by their keys, with one query. A key that has none is left out."""
        values = {key: value for key in keys if (value := self._parse(key)) is not None}
        if not values:
            return {}
        rows = {row.pk: row for row in self.queryset.filter(pk__in=set(values.values()))}
        return {key: rows[value] for key, value in values.items() if value in rows}

    def _parse(self, key: str) -> Any:
        """Return the primary key in a string from an activity, which may contain anything."""
        field: Any = self.queryset.model._meta.pk
        if isinstance(field, CompositePrimaryKey) or not _is_storable(key):
            return None
        while field.remote_field:
            field = field.target_field
        try:
            value = field.to_python(key)
            field.run_validators(value)
        except ValidationError:
            return None
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundObjects:
    """The objects that the references of a page refer to."""

    rows: Mapping[str, Mapping[str, Model]]
    """Resource → key → object, for each resource that is known."""

    named: frozenset[str]
    """Resources whose objects' current names may be shown."""


def source_of(resource: str, viewer: Viewer) -> ObjectSource | None:
    """Return the objects of a resource that a viewer may see; None for an unknown resource.

    Raises:
        InvalidSetting: the function in `DJ_ACTIONS_FEEDS["OBJECTS"]` returns something else.
    """
    declared = get_feed_settings().objects.get(resource)
    if declared is not None:
        queryset = declared(viewer)
        if not isinstance(queryset, QuerySet):
            raise InvalidSetting(
                f'{SETTING}["OBJECTS"]["{resource}"] must return a queryset, not {queryset!r:.100}.'
            )
        return ObjectSource(queryset=queryset, shows_names=True)
    if resource == USER:
        return ObjectSource(queryset=get_user_model()._default_manager.all(), shows_names=True)
    models = {definition.resource: definition.model for definition in registry}
    if resource in models:
        return ObjectSource(queryset=models[resource]._default_manager.all(), shows_names=False)
    return None


def resource_of(group: str) -> str | None:
    """Return the resource in `DJ_ACTIONS_FEEDS["OBJECTS"]` whose objects have feeds in a group.

    A group's name has no hyphens: the feeds of `my-todo` are in `my_todo`.
    """
    resources = get_feed_settings().objects
    return next((name for name in resources if safe_slug(name) == group), None)


def find_object(feed: FeedId, viewer: Viewer) -> Model | None:
    """Return the object of a feed if a viewer may see it, by `DJ_ACTIONS_FEEDS["OBJECTS"]`.

    Raises:
        InvalidSetting: that has no function for the objects of the feed's group.
    """
    resource = resource_of(feed.slug)
    if resource is None:
        raise InvalidSetting(
            f'{SETTING}["OBJECTS"] has no {feed.slug!r}, which says who may see its objects.'
        )
    source = source_of(resource, viewer)
    return source.find([feed.id]).get(feed.id) if source else None


def object_name(feed: FeedId, viewer: Viewer) -> str:
    """Return the name of the object of a feed; empty if the viewer may not see it, or its name."""
    source = source_of(resource_of(feed.slug) or feed.slug, viewer)
    instance = source.find([feed.id]).get(feed.id) if source and source.shows_names else None
    return "" if instance is None else str(instance)


def find_objects(wanted: Mapping[str, Iterable[str]], viewer: Viewer) -> FoundObjects:
    """Return the objects of several resources, with one query for each.

    Args:
        wanted: resource → keys.
        viewer: the user who reads.
    """
    sources = {resource: source_of(resource, viewer) for resource in wanted}
    known = {resource: source for resource, source in sources.items() if source}
    return FoundObjects(
        rows={resource: source.find(wanted[resource]) for resource, source in known.items()},
        named=frozenset(resource for resource, source in known.items() if source.shows_names),
    )


def _is_storable(key: str) -> bool:
    """Return whether a database accepts the string: no NUL and no lone surrogate."""
    return "\x00" not in key and not any("\ud800" <= character <= "\udfff" for character in key)
