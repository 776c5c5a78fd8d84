"""The objects that a bulk action names in `ids`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from django.core.exceptions import FieldDoesNotExist
from django.core.exceptions import ValidationError as FieldError
from django.db.models import Field, Model
from django.http import QueryDict
from rest_framework.exceptions import NotFound, ValidationError

from dj_actions.context import Selected
from dj_actions.declaration.definition import IDS
from dj_actions.text import is_storable

MOST_NAMED = 20
"""How many missing objects an error names."""


def requested_keys(
    data: Any, model: type[Model], lookup_field: str, *, max_items: int
) -> list[Any]:
    """Return what `ids` names, converted to the lookup field's type, each once.

    Raises:
        ValidationError: it is missing, empty, too long, no list, or holds something that is no
            key.
    """
    raw = data.getlist(IDS) if isinstance(data, QueryDict) else _named(data)
    if not isinstance(raw, list):
        raise ValidationError({IDS: [f'Expected a list of items but got type "{_kind(raw)}".']})
    if not raw:
        raise ValidationError({IDS: ["This list may not be empty."]})
    if len(raw) > max_items:
        raise ValidationError({IDS: [f"Name at most {max_items} at once, not {len(raw)}."]})
    field = _lookup(model, lookup_field)
    return list(dict.fromkeys(_key(entry, field) for entry in raw))


def in_order_of_request(
    rows: Iterable[Model], keys: Sequence[Any], lookup_field: str
) -> list[Selected]:
    """Return one entry per key, in the order of the keys; what has no row is refused."""
    found = {_value(row, lookup_field): row for row in rows}
    return [
        Selected(key=key, object=found[key])
        if key in found
        else Selected(key=key, refusal=not_found(key))
        for key in keys
    ]


def not_found(key: Any) -> NotFound:
    """Return the refusal of a key that names nothing, or nothing that the caller may see."""
    return NotFound(f"Not found: {key}.")


def require_all(selected: Sequence[Selected]) -> None:
    """Refuse all if one is missing, or may not be touched.

    Raises:
        rest_framework.exceptions.APIException: the first refusal; if keys have no row, one that
            names them.
    """
    missing = [str(entry.key) for entry in selected if isinstance(entry.refusal, NotFound)]
    if missing:
        more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        raise NotFound(f"Not found: {', '.join(missing[:MOST_NAMED])}{more}.")
    for entry in selected:
        if entry.refusal:
            raise entry.refusal


def _named(data: Any) -> Any:
    if not isinstance(data, dict) or IDS not in data:
        raise ValidationError({IDS: ["This field is required."]})
    return data[IDS]


def _lookup(model: type[Model], lookup_field: str) -> Field[Any, Any]:
    """Return the column that a lookup such as `slug`, `pk` or `owner__username` compares."""
    field: Any = model._meta.pk
    for name in lookup_field.split("__"):
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:  # "pk"
            field = model._meta.pk
        model = field.related_model or model
    while field.remote_field:
        field = field.target_field
    return cast("Field[Any, Any]", field)


def _value(row: Any, lookup_field: str) -> Any:
    """Return a row's own value for a lookup."""
    for name in lookup_field.split("__"):
        row = getattr(row, name)
    return row.pk if isinstance(row, Model) else row


def _key(entry: Any, field: Field[Any, Any]) -> Any:
    if isinstance(entry, bool) or not isinstance(entry, (int, str)) or not is_storable(entry):
        raise ValidationError({IDS: [f"{entry!r} is no id: use a number or a text."]})
    try:
        value = field.to_python(entry)
        field.run_validators(value)
    except FieldError as error:
        raise ValidationError({IDS: [f"{entry!r} is no id: {' '.join(error.messages)}"]}) from error
    return value


def _kind(value: Any) -> str:
    return type(value).__name__
