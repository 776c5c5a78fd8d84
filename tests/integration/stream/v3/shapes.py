"""Responses of Feeds v3 with all fields that getstream requires."""

from __future__ import annotations

import dataclasses
import types
from datetime import datetime
from typing import Any, get_args, get_origin, get_type_hints

from getstream import models

EMPTY: dict[Any, Any] = {str: "", int: 0, float: 0.0, bool: False, list: [], dict: {}}


def shape_of(kind: type[Any], **known: Any) -> dict[str, Any]:
    """Return the JSON of a class of getstream.

    Args:
        known: values of fields; the other ones that are required are empty.
    """
    types_of = get_type_hints(kind, vars(models))
    required = {
        field.name: _empty(types_of[field.name])
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.name not in known
    }
    return required | known


def _empty(kind: Any) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return shape_of(kind)
    if kind is datetime:
        return 1_767_323_045_000_000_000  # nanoseconds since 1970
    if isinstance(kind, types.UnionType):
        return _empty(get_args(kind)[0])
    return EMPTY[get_origin(kind) or kind]
