"""What is wrong with a declaration, found before the first message."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterator, Mapping

from dj_actions.publishers.templates import Template
from dj_actions_stream.declaration.activity import (
    ATTRIBUTES,
    CHOICES,
    FEEDS,
    KEEP,
    KINDS,
    REMOVE,
    TEXTS,
    Activity,
)
from dj_actions_stream.feed_templates import FeedTemplate

RESERVED = frozenset(
    {"actor", "foreign_id", "id", "object", "origin", "target", "time", "to", "verb"}
)
"""Fields that Stream does not update."""

REQUIRED = frozenset({"actor", "verb", "object"})
"""Attributes without which Stream rejects an activity."""


def problems_of(activity: type[Activity]) -> Iterator[str]:
    """Yield what is wrong with a declaration, without running any of its methods."""
    yield from _unknown_attributes(activity)
    if inspect.signature(activity).parameters:
        yield "its constructor has arguments; an instance is created without any"
    if activity.kind is not None and activity.kind not in list(KINDS):
        known = ", ".join(KINDS)
        yield f"kind is {activity.kind!r}; expected one of {known}, or None"
    for name in TEXTS:
        yield from _problems(Template.parse, name, getattr(activity, name))
        if name in REQUIRED and not getattr(activity, name):
            yield f"{name} is empty; Stream requires it"
    for name in FEEDS:
        value = getattr(activity, name)
        if value is not None and not callable(value):
            yield from feed_problems(name, value)
    for name in CHOICES:
        yield from _choice_problems(name, getattr(activity, name))
    yield from _earlier_problems(activity.earlier)


def feed_problems(name: str, value: object) -> Iterator[str]:
    """Yield what is wrong with templates of feeds: one, or a list of them."""
    if name == "to" and isinstance(value, str):
        yield f"to is a string; did you mean [{value!r}]?"
        return
    if isinstance(value, str):
        value = (value,)
    if not isinstance(value, list | tuple) or (name != "to" and not value):
        yield f"{name} is {value!r}; expected a list of templates such as 'user:{{actor}}'"
        return
    for template in value:
        yield from _problems(FeedTemplate.parse, name, template)


def _problems(parse: Callable[[object], object], name: str, value: object) -> Iterator[str]:
    if callable(value):
        return
    try:
        parse(value)
    except (TypeError, ValueError) as error:
        yield f"{name}: invalid template {value!r}: {error}"


def _choice_problems(name: str, value: object) -> Iterator[str]:
    is_list = isinstance(value, list | tuple) and all(isinstance(entry, str) for entry in value)
    if not is_list:
        yield f"{name} is {value!r}; expected a list of names of fields"


def _earlier_problems(earlier: object) -> Iterator[str]:
    if isinstance(earlier, Mapping):
        for field, value in earlier.items():
            if field in RESERVED:
                yield f"earlier: {field!r} identifies an activity and cannot be set"
            if isinstance(value, str):
                yield from _problems(Template.parse, f"earlier[{field!r}]", value)
    elif earlier not in {KEEP, REMOVE}:
        yield f"earlier is {earlier!r}; expected 'keep', 'remove', or a dict of fields to set"


def _unknown_attributes(activity: type[Activity]) -> Iterator[str]:
    """Yield an attribute that nothing reads; helper methods and names with _ are the class's."""
    for owner in activity.__mro__:
        if owner in Activity.__mro__:
            continue
        for name, value in vars(owner).items():
            is_own = name.startswith("_") or inspect.isroutine(value) or isinstance(value, property)
            if name not in ATTRIBUTES and not is_own and not name.isupper():
                nearest = difflib.get_close_matches(name, ATTRIBUTES, 1)
                hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
                yield f"unknown attribute {name!r}.{hint}"
