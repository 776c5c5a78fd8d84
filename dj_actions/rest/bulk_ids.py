"""The `ids` of a bulk action."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, cast

from django.core.exceptions import FieldDoesNotExist
from django.core.exceptions import ValidationError as FieldError
from django.db.models import CompositePrimaryKey, Field, Model
from django.db.models.constants import LOOKUP_SEP
from django.http import QueryDict
from rest_framework.exceptions import NotFound, ValidationError

from dj_actions.context import Selection
from dj_actions.declaration.definition import IDS
from dj_actions.identifiers import key_as_text, parse_key
from dj_actions.text import is_storable

MAX_LISTED = 20
"""How many missing objects an error lists."""


def requested_keys(
    data: Any, model: type[Model], lookup_field: str, *, max_items: int, converts: bool = True
) -> list[Any]:
    """Return the keys in `ids`, converted to the type of the lookup field, without duplicates.

    Args:
        data: the body.
        model: the model of the viewset.
        lookup_field: the viewset's own.
        max_items: maximum number of keys.
        converts: whether a composite key is converted too; if not, it is left as it would be in
            a URL, which the viewset itself reads.

    Raises:
        ValidationError: `ids` is missing, empty, too long, not a list, or contains an invalid key.
    """
    raw = data.getlist(IDS) if isinstance(data, QueryDict) else _ids_in(data)
    if not isinstance(raw, list):
        raise ValidationError(
            {IDS: [f'Expected a list of items but got type "{_type_name(raw)}".']}
        )
    if not raw:
        raise ValidationError({IDS: ["This list may not be empty."]})
    if len(raw) > max_items:
        raise ValidationError(
            {IDS: [f"Ensure this list has at most {max_items} items; it has {len(raw)}."]}
        )
    field = _lookup(model, lookup_field)
    if isinstance(field, CompositePrimaryKey):
        return list(dict.fromkeys(_composite_key(entry, model, converts=converts) for entry in raw))
    return list(dict.fromkeys(_key(entry, field) for entry in raw))


def in_order_of_request(
    rows: Iterable[Model], keys: Sequence[Any], lookup_field: str
) -> list[Selection]:
    """Return one entry per key, in the order of the keys; a key without a row is refused."""
    value_of = attrgetter(lookup_field.replace(LOOKUP_SEP, "."))
    found = {_plain_key(value_of(row)): row for row in rows}
    return [
        Selection(key=key, object=found[key])
        if key in found
        else Selection(key=key, error=not_found(key))
        for key in keys
    ]


def not_found(key: Any) -> NotFound:
    """Return the error for a key of an object that does not exist or the caller may not see."""
    return NotFound(f"Not found: {key_as_text(key)}.")


def require_all(selection: Sequence[Selection]) -> None:
    """Refuse all objects if one is missing or not permitted.

    Raises:
        rest_framework.exceptions.APIException: the first error; if objects are missing, a
            NotFound that lists them.
    """
    missing = [key_as_text(entry.key) for entry in selection if isinstance(entry.error, NotFound)]
    if missing:
        more = f" and {len(missing) - MAX_LISTED} more" if len(missing) > MAX_LISTED else ""
        raise NotFound(f"Not found: {', '.join(missing[:MAX_LISTED])}{more}.")
    for entry in selection:
        if entry.error:
            raise entry.error


def _ids_in(data: Any) -> Any:
    if not isinstance(data, dict) or IDS not in data:
        raise ValidationError({IDS: ["This field is required."]})
    return data[IDS]


def _lookup(model: type[Model], lookup_field: str) -> Field[Any, Any]:
    """Return the column that a lookup such as `slug`, `pk` or `owner__username` compares."""
    field: Any = model._meta.pk
    for name in lookup_field.split(LOOKUP_SEP):
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:  # "pk"
            field = model._meta.pk
        model = field.related_model or model
    while field.remote_field:
        field = field.target_field
    return cast("Field[Any, Any]", field)


def _plain_key(value: Any) -> Any:
    """Return the value of a lookup; the key of the object if it names a relation."""
    return value.pk if isinstance(value, Model) else value


def _key(entry: Any, field: Field[Any, Any]) -> Any:
    if type(entry) is not int and (not isinstance(entry, str) or not is_storable(entry)):
        raise ValidationError(
            {IDS: [f"{entry!r} is not a valid id; expected an integer or a string."]}
        )
    try:
        value = field.to_python(entry)
        field.run_validators(value)
    except FieldError as error:
        raise ValidationError(
            {IDS: [f"{entry!r} is not a valid id: {' '.join(error.messages)}"]}
        ) from error
    return value


def _composite_key(entry: Any, model: type[Model], *, converts: bool) -> Any:
    if not isinstance(entry, (list, str)) or not is_storable(entry):
        raise ValidationError(
            {IDS: [f"{entry!r} is not a valid id; expected a string or a list of its parts."]}
        )
    if not converts:
        return key_as_text(entry)
    try:
        return parse_key(model, entry)
    except FieldError as error:
        raise ValidationError({IDS: error.messages}) from error


def _type_name(value: Any) -> str:
    return type(value).__name__
