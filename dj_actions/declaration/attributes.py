"""Refuse the attributes of a class that would silently do nothing."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dj_actions.exceptions import InvalidAction
from dj_actions.text import nearest

FIXED_NAMES = frozenset({"model", "definition"})
"""Attributes of an action that its base class annotates, without a value."""

RENAMED: Mapping[str, tuple[str, ...]] = {
    "permissions": (
        *("permission_classes", "get_permissions", "check_permissions"),
        *("check_object_permissions", "has_permission", "has_object_permission"),
    ),
    "throttles": ("throttle_classes", "throttle_scope", "get_throttles", "check_throttles"),
    "input": (
        *("serializer_class", "get_serializer_class", "get_serializer"),
        *("form", "form_class", "get_form", "input_class"),
    ),
    "output": ("serializer", "output_serializer", "response_serializer"),
    "model": ("queryset", "get_queryset"),
    "name": ("id", "action_id", "url_path", "url_name"),
    "resource": ("basename",),
    "bulk": ("detail", "type", "multiple_results"),
    "examples": ("example_payload",),
    "status": ("is_live",),
}
"""Attribute → names that it has in DRF or in a registry of dj-actions 0.0.7."""

VIEWSET_ATTRIBUTES = (
    *("lookup_field", "lookup_url_kwarg", "lookup_value_regex", "authentication_classes"),
    *("parser_classes", "renderer_classes", "filter_backends", "filterset_class"),
    *("filterset_fields", "search_fields", "ordering", "ordering_fields", "pagination_class"),
    *("versioning_class", "content_negotiation_class", "metadata_class", "http_method_names"),
    *("action_registry", "action_model"),
)
"""Attributes that only a viewset has."""

ADVICE: Mapping[str, str] = {
    **{name: f"name it `{attribute}`." for attribute, names in RENAMED.items() for name in names},
    **dict.fromkeys(VIEWSET_ATTRIBUTES, "set it on the viewset."),
    **dict.fromkeys(("title", "description"), "write it into the docstring."),
    **dict.fromkeys(
        ("basepath", "capabilities", "commands", "environment"),
        "only a registry of dj-actions 0.0.7 has it. Remove it.",
    ),
    "Meta": "set its options on the action itself.",
}
"""Name that an action does not read → what to do."""

STEMS = {"permission": "permissions", "throttle": "throttles", "sensitive": "sensitive"}
"""Part of a name → the attribute that is meant. These protect something."""

SIMILAR = 0.8
"""Similarity, from 0 to 1, of a name that is probably a misspelled attribute."""

SIMILAR_HOOK = 0.85
"""The same for a method: other methods are normal, so less is certain."""


def refuse_unknown_attributes(action: type[Any], base: type[Any], hooks: Iterable[str]) -> None:
    """Refuse a class with an attribute that nothing reads.

    Methods, properties, nested classes, names in capitals and names with a leading underscore
    are the class's own, and so are annotated attributes and those of mixins, unless their name is
    that of another library, or similar to one that an action has.

    Args:
        action: the class of an action.
        base: the base class of all actions.
        hooks: names of the methods that are called.

    Raises:
        InvalidAction: the message has the attribute and what to do.
    """
    known = {name for name in vars(base) if not name.startswith("_")} | FIXED_NAMES
    for owner in _classes_below(action, base):
        for name, value in vars(owner).items():
            if name in known or name.startswith("_") or name.isupper():
                continue
            problem = (
                _foreign(name)
                or _nested(action, owner, name, known)
                or _misspelled(owner, name, value, known, hooks)
                or _undeclared(owner, base, name, value)
            )
            if problem:
                where = "" if owner is action else f"its base {owner.__qualname__}: "
                raise InvalidAction(where + problem)


def refuse_misspelled_attributes(owner: type[Any], known: Iterable[str]) -> None:
    """Refuse a class with a value whose name is almost one that is read.

    Args:
        owner: a class of the user's, which may have attributes of its own.
        known: names of the attributes that are read.

    Raises:
        InvalidAction: the message has the attribute and the nearest one.
    """
    for name, value in vars(owner).items():
        meant = None if name in known or callable(value) else nearest(name, known, SIMILAR)
        if meant:
            raise InvalidAction(f"Did you mean `{meant}`, not `{name}`?")


def _meant(name: str, known: Iterable[str]) -> str | None:
    """Return the attribute that a name probably stands for."""
    by_stem = (attribute for stem, attribute in STEMS.items() if stem in name)
    return next(by_stem, None) or nearest(name, known, SIMILAR)


def _classes_below(action: type[Any], base: type[Any]) -> Iterator[type[Any]]:
    """Yield a class and its bases, without those that all actions have."""
    return (owner for owner in action.__mro__ if owner not in base.__mro__)


def _foreign(name: str) -> str | None:
    if name not in ADVICE:
        return None
    return f"`{name}` is not read by an action: {ADVICE[name]}"


def _nested(action: type[Any], owner: type[Any], name: str, known: Iterable[str]) -> str | None:
    """Return a problem for `class Input` without `input = Input`."""
    attribute, value = name.lower(), vars(owner)[name]
    if not _is_nested_class(owner, name, value) or attribute not in known:
        return None
    if getattr(action, attribute, None):
        return None
    return f"the class `{name}` is not used. Set `{attribute} = {name}`."


def _misspelled(
    owner: type[Any], name: str, value: Any, known: Iterable[str], hooks: Iterable[str]
) -> str | None:
    if _is_nested_class(owner, name, value):
        return None
    if not _is_method(value):
        found = _meant(name, known)
    elif any(name.startswith(f"{hook}_") for hook in hooks):  # perform_once: a helper of it
        found = None
    else:
        found = nearest(name, hooks, SIMILAR_HOOK)
    return found and f"`{name}` is not an attribute of an action. Did you mean `{found}`?"


def _undeclared(owner: type[Any], base: type[Any], name: str, value: Any) -> str | None:
    is_own = (
        _is_method(value)
        or _is_nested_class(owner, name, value)
        or not issubclass(owner, base)  # a mixin's attributes are for its own methods
        or any(name in _annotations(parent) for parent in owner.__mro__)
        or any(name in vars(parent) for parent in owner.__mro__ if not issubclass(parent, base))
    )
    if is_own:
        return None
    return (
        f"`{name}` is not an attribute of an action. If it is your own, annotate it "
        f"(`{name}: ClassVar[…] = …`), write it in capitals, or start its name with `_`."
    )


def _is_method(value: Any) -> bool:
    """Return whether a value is a function, a property or another descriptor."""
    return inspect.isroutine(value) or hasattr(type(value), "__get__")


def _is_nested_class(owner: type[Any], name: str, value: Any) -> bool:
    return isinstance(value, type) and value.__qualname__ == f"{owner.__qualname__}.{name}"


def _annotations(owner: type[Any]) -> Mapping[str, Any]:
    if sys.version_info >= (3, 14):
        import annotationlib  # noqa: PLC0415 - the standard library has it from 3.14

        # Names that are imported for type checkers only cannot be evaluated.
        return annotationlib.get_annotations(owner, format=annotationlib.Format.FORWARDREF)
    return inspect.get_annotations(owner)
