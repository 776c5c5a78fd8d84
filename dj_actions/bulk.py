"""The objects that a bulk action names in `ids`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from django.core.exceptions import FieldDoesNotExist
from django.core.exceptions import ValidationError as FieldError
from django.db.models import Field, Model
from django.http import QueryDict
from rest_framework.exceptions import NotFound, ValidationError

from dj_actions.storable import is_storable

IDS = "ids"
"""Field of the request that names the objects."""

MOST_NAMED = 20
"""How many missing objects an error names."""


def requested_keys(data: Any, model: type[Model], lookup_field: str) -> list[Any]:
    """Return what `ids` names, converted to the lookup field's type, each once.

    Raises:
        ValidationError: it is missing, empty, no list, or holds something that is no key.
    """
    raw = data.getlist(IDS) if isinstance(data, QueryDict) else _named(data)
    if not isinstance(raw, list):
        raise ValidationError({IDS: [f'Expected a list of items but got type "{_kind(raw)}".']})
    if not raw:
        raise ValidationError({IDS: ["This list may not be empty."]})
    field = _lookup(model, lookup_field)
    return list(dict.fromkeys(_key(entry, field) for entry in raw))


def ordered_by_request(
    rows: Iterable[Model], keys: Sequence[Any], lookup_field: str
) -> list[Model]:
    """Return the rows in the order of their keys.

    Raises:
        NotFound: a key has no row; the message names the first of them.
    """
    found = {getattr(row, lookup_field): row for row in rows}
    missing = [str(key) for key in keys if key not in found]
    if missing:
        more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        raise NotFound(f"Not found: {', '.join(missing[:MOST_NAMED])}{more}.")
    return [found[key] for key in keys]


def _named(data: Any) -> Any:
    if not isinstance(data, dict) or IDS not in data:
        raise ValidationError({IDS: ["This field is required."]})
    return data[IDS]


def _lookup(model: type[Model], lookup_field: str) -> Field[Any, Any]:
    try:
        return cast("Field[Any, Any]", model._meta.get_field(lookup_field))
    except FieldDoesNotExist:
        return model._meta.pk


def _key(entry: Any, field: Field[Any, Any]) -> Any:
    if isinstance(entry, bool) or not isinstance(entry, (int, str)) or not is_storable(entry):
        raise ValidationError({IDS: [f"{entry!r} is no id: use a number or a text."]})
    try:
        return field.clean(entry, None)
    except FieldError as error:
        raise ValidationError({IDS: [f"{entry!r} is no id: {' '.join(error.messages)}"]}) from error


def _kind(value: Any) -> str:
    return type(value).__name__
