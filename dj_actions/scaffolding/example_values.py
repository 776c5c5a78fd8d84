"""An example value, as Python source, for each kind of model field."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from dj_actions.scaffolding.imports import Imports

ModelField: TypeAlias = "models.Field[Any, Any]"


class Example(NamedTuple):
    """How to write a value for one kind of field."""

    source: str | Callable[[Any, int], str]
    """A format string with `name` and `number`, or a function of the field and the number."""

    imported: tuple[str, str] | None = None
    """Module and name that the source needs."""


def example_value(field: ModelField, number: int, imports: Imports) -> str | None:
    """Return an expression for a value that the field's column accepts.

    Args:
        field: a field that is not a relation.
        number: counts from 1; different numbers give different values where the field allows.
        imports: receives the import that the expression needs.

    Returns:
        The expression, or None if this kind of field is unknown.
    """
    choices = [value for value, _ in field.flatchoices if value not in {"", None}]
    if choices:
        return _literal(choices[(number - 1) % len(choices)])
    examples = (example for kind, example in EXAMPLES.items() if isinstance(field, kind))
    example = next(examples, None)
    if example is None:
        return POSTGRES_EXAMPLES.get(field.get_internal_type())
    if example.imported:
        imports.add(*example.imported)
    if callable(example.source):
        return example.source(field, number)
    return example.source.format(name=field.name, number=number)


def _literal(value: Any) -> str:
    value = getattr(value, "value", value)  # a member of an enumeration
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _text(field: ModelField, number: int) -> str:
    """Return a string that is also valid as a slug and as a username."""
    text = f"{field.name.replace('_', '-')}-{number}"
    # The end stays when the field is short, as it contains the number.
    return _literal(text[-(field.max_length or 0) :].lstrip("-"))


def _ip_address(field: models.GenericIPAddressField[Any, Any], number: int) -> str:
    """Return an address that is reserved for documentation (RFC 5737, RFC 3849)."""
    prefix = "2001:db8::" if field.protocol.lower() == "ipv6" else "192.0.2."
    return _literal(f"{prefix}{number}")


def _decimal(field: models.DecimalField[Any, Any], number: int) -> str:
    places = field.decimal_places or 0
    is_fraction = field.max_digits == places
    value = Decimal(number).scaleb(-places) if is_fraction else _bounded(field, number)
    return f'Decimal("{value:.{places}f}")'


def _bounded(field: ModelField, number: int) -> Any:
    """Return a number within the limits of the field's validators."""
    lowest = max([1, *_limits(field, MinValueValidator)])
    return min([lowest + number - 1, *_limits(field, MaxValueValidator)])


def _limits(field: ModelField, kind: type[Any]) -> list[Any]:
    validators: list[Any] = field.validators
    limits = [entry.limit_value for entry in validators if isinstance(entry, kind)]
    return [limit() if callable(limit) else limit for limit in limits]


EXAMPLES: Mapping[type[ModelField], Example] = {
    models.BooleanField: Example("False"),
    models.EmailField: Example('"user{number}@example.com"'),
    models.URLField: Example('"https://example.com/{number}"'),
    models.UUIDField: Example("UUID(int={number})", ("uuid", "UUID")),
    models.GenericIPAddressField: Example(_ip_address),
    models.FileField: Example('"{name}{number}.txt"'),
    models.FilePathField: Example('"{name}{number}.txt"'),
    models.CharField: Example(_text),
    models.TextField: Example(_text),
    models.DateTimeField: Example("timezone.now()", ("django.utils", "timezone")),
    models.DateField: Example("date(2000, 1, {number})", ("datetime", "date")),
    models.TimeField: Example("time(12, {number})", ("datetime", "time")),
    models.DurationField: Example("timedelta(hours={number})", ("datetime", "timedelta")),
    models.DecimalField: Example(_decimal, ("decimal", "Decimal")),
    models.FloatField: Example(lambda field, number: repr(float(_bounded(field, number)))),
    models.IntegerField: Example(lambda field, number: repr(int(_bounded(field, number)))),
    models.JSONField: Example("{{}}"),
    models.BinaryField: Example('b"{number}"'),
}
"""Subclasses come before their base classes: the first match counts."""

POSTGRES_EXAMPLES = {"ArrayField": "[]", "HStoreField": "{}"}
"""By internal type, as importing these fields requires a PostgreSQL driver."""
