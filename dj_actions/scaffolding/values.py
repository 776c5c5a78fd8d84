"""An example value, as source, for each kind of model field."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from dj_actions.scaffolding.source import Names

ModelField: TypeAlias = "models.Field[Any, Any]"
Writer = Callable[[Any, int, Names], str]
"""Takes the field, the number of the value and the module's names; returns an expression."""


def example(field: ModelField, number: int, names: Names) -> str | None:
    """Return an expression for a value that the field's column takes.

    Args:
        field: of a model, and no relation.
        number: another value for each number from 1; 0 if any value will do.
        names: gets the imports that the expression needs.

    Returns:
        The expression, or None if nothing is known about this kind of field.
    """
    choices = [value for value, _ in field.flatchoices if value not in {"", None}]
    if choices:
        return _literal(choices[max(number - 1, 0) % len(choices)])
    for kind, write in WRITERS.items():
        if isinstance(field, kind):
            return write(field, number, names)
    return WRITTEN_BY_NAME.get(field.get_internal_type())


def _text(field: ModelField, number: int, _: Names) -> str:
    return _fitted(field, field.name.replace("_", " ").capitalize(), f" {number}", number)


def _slug(field: ModelField, number: int, _: Names) -> str:
    return _fitted(field, field.name.replace("_", "-"), f"-{number}", number)


def _fitted(field: ModelField, words: str, suffix: str, number: int) -> str:
    """Return a text no longer than the field allows; its number is what must not be lost."""
    suffix = suffix if number else ""
    if field.max_length is None:
        return _literal(words + suffix)
    room = field.max_length - len(suffix)
    fitting = words[:room].rstrip() + suffix if room > 0 else str(number)
    return _literal(fitting[: field.max_length])


def _email(_: ModelField, number: int, __: Names) -> str:
    return f'"person{number or ""}@example.com"'


def _url(_: ModelField, number: int, __: Names) -> str:
    return f'"https://example.com/{number or ""}"'


def _address(field: models.GenericIPAddressField[Any, Any], number: int, _: Names) -> str:
    """Return an address that is kept for documentation (RFC 5737, RFC 3849)."""
    if field.protocol.lower() == "ipv6":
        return f'"2001:db8::{number or 1}"'
    return f'"192.0.2.{number or 1}"'


def _uuid(_: ModelField, __: int, names: Names) -> str:
    return f"{names.use('uuid')}.uuid4()"


def _file(field: ModelField, number: int, _: Names) -> str:
    return f'"{field.name}{number or ""}.txt"'


def _date(_: ModelField, number: int, names: Names) -> str:
    return f"{names.use('datetime', 'date')}(2000, 1, {number or 1})"


def _moment(_: ModelField, __: int, names: Names) -> str:
    return f"{names.use('django.utils', 'timezone')}.now()"


def _time(_: ModelField, number: int, names: Names) -> str:
    return f"{names.use('datetime', 'time')}(12, {number})"


def _duration(_: ModelField, number: int, names: Names) -> str:
    return f"{names.use('datetime', 'timedelta')}(hours={number or 1})"


def _integer(field: ModelField, number: int, _: Names) -> str:
    return str(int(_bounded(field, number)))


def _float(field: ModelField, number: int, _: Names) -> str:
    return repr(float(_bounded(field, number)))


def _decimal(field: models.DecimalField[Any, Any], number: int, names: Names) -> str:
    places = field.decimal_places or 0
    value = _bounded(field, number)
    if field.max_digits == places:  # nothing before the point
        value = Decimal(number or 1).scaleb(-places)
    shown = value if value == int(value) else f'"{value}"'
    return f"{names.use('decimal', 'Decimal')}({shown})"


def _bounded(field: ModelField, number: int) -> Any:
    """Return a number that the field's validators allow, 1 if they do."""
    beyond = max(number - 1, 0)
    lowest = max(1, *_limits(field, MinValueValidator), 1)
    highest = min(_limits(field, MaxValueValidator), default=None)
    if highest is None or lowest + beyond <= highest:
        return lowest + beyond
    return highest - beyond


def _limits(field: ModelField, kind: type[Any]) -> Iterable[Any]:
    validators: list[Any] = field.validators
    for validator in validators:
        if isinstance(validator, kind):
            limit = validator.limit_value
            yield limit() if callable(limit) else limit


def _literal(value: Any) -> str:
    """Return a value as source, texts in double quotes."""
    if isinstance(value, str):
        text = str(value)
        return repr(text) if '"' in text else json.dumps(text, ensure_ascii=False)
    if isinstance(value, int) and not isinstance(value, bool):
        return repr(int(value))  # a member of IntegerChoices is its number
    return repr(value)


def _always(expression: str) -> Writer:
    return lambda _field, _number, _names: expression


WRITERS: Mapping[type[ModelField], Writer] = {
    models.BooleanField: _always("False"),
    models.EmailField: _email,
    models.URLField: _url,
    models.SlugField: _slug,
    models.UUIDField: _uuid,
    models.GenericIPAddressField: _address,
    models.FileField: _file,
    models.FilePathField: _file,
    models.CharField: _text,
    models.TextField: _text,
    models.DateTimeField: _moment,
    models.DateField: _date,
    models.TimeField: _time,
    models.DurationField: _duration,
    models.DecimalField: _decimal,
    models.FloatField: _float,
    models.IntegerField: _integer,
    models.JSONField: _always("{}"),
    models.BinaryField: _always('b"bytes"'),
}
"""The most special kinds first: the first that fits writes the value."""

WRITTEN_BY_NAME = {"ArrayField": "[]", "HStoreField": "{}"}
"""Kinds of PostgreSQL's, known by name: importing them needs its driver."""
