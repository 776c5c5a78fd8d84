"""Refuse the keys of a registry's entry that would silently do nothing.

An entry may have keys of its own: they are shown in the documentation. Only those are refused
that look as if they changed what the action does.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from django import forms

from dj_actions.declaration.hooks import require_method
from dj_actions.exceptions import InvalidAction
from dj_actions.text import nearest

BEHAVIOR = (
    *("form", "serializer", "multiple_results", "version"),
    *("permissions", "publish", "sensitive", "throttles"),
)
"""Keys that change what an action does."""

OTHER_KEYS = (
    *("id", "action", "type", "status", "title", "description", "is_live", "capabilities"),
    *("tags", "example_payload", "examples", "commands"),
)
"""The other keys that an entry has."""

RENAMED: Mapping[str, str] = {
    "permission_classes": "permissions",
    "throttle_classes": "throttles",
    "serializer_class": "serializer",
    "output": "serializer",
    "form_class": "form",
    "input": "form",
    "bulk": "type",
}
"""Name in DRF or in an Action class → the key of an entry."""

CLASS_ATTRIBUTES = ("partial", "max_items", "requires_objects", "version_field", "version_required")
"""Attributes that only an Action class has."""

REGISTRY_KEYS = ("resource", "basepath", "actions")
"""Keys of a registry itself. Others are shown in the list of actions."""

SIMILAR = 0.8
"""Similarity, from 0 to 1, of a key that is probably a misspelled one."""


def refuse_unread_keys(entry: Mapping[str, Any]) -> None:
    """Refuse an entry with a key that nothing reads, although it looks as if something did.

    Raises:
        InvalidAction: the message has the key and what to do.
    """
    for key in map(str, entry):
        if key in BEHAVIOR or key in OTHER_KEYS:
            continue
        if key in CLASS_ATTRIBUTES:
            raise InvalidAction(
                f"`{key}` is not read from a registry. Declare the action as a class, which has "
                "it, or rename a key of your own."
            )
        meant = RENAMED.get(key) or nearest(key, BEHAVIOR, SIMILAR)
        if meant:
            raise InvalidAction(
                f"`{key}` is not read from a registry. Did you mean `{meant}`? Rename a key of "
                "your own."
            )


def refuse_misspelled_keys(registry: object) -> None:
    """Refuse a registry that is not a dict, or has a key that is almost one of its three.

    Raises:
        InvalidAction: the message has the key and the nearest one.
    """
    if not isinstance(registry, Mapping):
        raise InvalidAction(
            f"action_registry is {registry!r}. Set it to what `enrich_actions` returns."
        )
    for key in map(str, registry):
        meant = None if key in REGISTRY_KEYS else nearest(key, REGISTRY_KEYS, SIMILAR)
        if meant:
            raise InvalidAction(f"Unknown key {key!r} in a registry. Did you mean {meant!r}?")


def require_form(form: object) -> type[forms.BaseForm]:
    """Return the form of an action.

    Raises:
        InvalidAction: it is not a form class, or a method cannot be called as it will be.
    """
    if not (isinstance(form, type) and issubclass(form, forms.BaseForm)):
        raise InvalidAction(f"form is {form!r}, which is not a form class.")
    if not hasattr(form, "save"):
        raise InvalidAction(f"{form.__qualname__} has no method `save(self, request, pk)`.")
    try:
        require_method(form, "save", ("request", "pk"))
        if hasattr(form, "get_stream_message"):
            require_method(form, "get_stream_message", ("instance",))
        _require_get_form(form)
    except InvalidAction as error:
        raise InvalidAction(f"{form.__qualname__}: {error}") from error
    return form


def _require_get_form(form: Any) -> None:
    if not hasattr(form, "get_form"):
        return
    signature = inspect.signature(form.get_form)
    try:
        signature.bind(None, None, None, instance=None)
    except TypeError:
        raise InvalidAction(
            f"`get_form` has the signature {signature}. Define it as a static method: "
            "`def get_form(view, request, pk, instance=None)`."
        ) from None
