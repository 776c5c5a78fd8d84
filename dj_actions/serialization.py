"""Convert the inputs and results of actions to plain JSON data that can be stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from operator import attrgetter
from pathlib import PurePath
from typing import Any, Self

from django.core.files import File
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, QuerySet

from dj_actions.exceptions import InvalidAction
from dj_actions.redaction import REDACTED
from dj_actions.text import is_obviously_storable, is_storable

CONVERSIONS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Model, attrgetter("pk")),
    ((QuerySet, set, frozenset), list),
    (File, attrgetter("name")),
    (Enum, attrgetter("value")),
    ((PurePath, IPv4Address, IPv6Address, IPv4Network, IPv6Network), str),
)
"""Types of validated values that JSON lacks, each with its conversion."""


class RecordEncoder(DjangoJSONEncoder):
    """Encodes validated inputs as JSON: model instances by primary key, files by name."""

    def default(self, o: Any) -> Any:
        """Return a JSON value for an object of a type that JSON lacks."""
        if hasattr(o, "get_secret_value"):  # pydantic's SecretStr and similar types
            return REDACTED
        for kinds, convert in CONVERSIONS:
            if isinstance(o, kinds):
                return convert(o)
        return str(o) if type(o).__module__.startswith("pydantic") else super().default(o)


ENCODER = RecordEncoder(allow_nan=False)
DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonData:
    """Plain JSON data with its text, so that it is encoded only once."""

    plain: Any

    text: str
    """ASCII only: other characters are escaped."""

    @classmethod
    def of_plain(cls, plain: Any) -> Self:
        """Return plain JSON data with its text."""
        return cls(plain=plain, text=json.dumps(plain))


def to_json(value: Any) -> Any:
    """Return the value as plain JSON data.

    Raises:
        InvalidAction: the value cannot be represented in JSON, or stored in a JSON column.
    """
    return None if value is None else encode(value).plain


def encode(value: Any) -> JsonData:
    """Return the value as plain JSON data, with its text.

    Raises:
        InvalidAction: the value cannot be represented in JSON, or stored in a JSON column.
    """
    if value == {}:
        return JsonData(plain={}, text="{}")
    try:
        text = ENCODER.encode(value)
        plain = DECODER.decode(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidAction(f"An action's data must be storable as JSON: {error}") from error
    if not (is_obviously_storable(text, plain) or is_storable(plain)):
        raise InvalidAction(
            "An action's data must be storable as JSON: it contains null characters, lone "
            "surrogates or very deep nesting."
        )
    return JsonData(plain=plain, text=text)
