"""Checks and conversions of a request's raw body, made before the input is validated."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from rest_framework.exceptions import ValidationError
from rest_framework.settings import api_settings

from dj_actions.text import is_storable

UNSTORABLE_MESSAGE = _lazy(
    "Null characters, lone surrogates, infinite numbers and deep nesting are not allowed."
)


def require_mapping(raw: object) -> Mapping[str, Any]:
    """Return the body of a request if it is a JSON object that a database can store.

    Raises:
        ValidationError: the body is not an object, or PostgreSQL cannot store one of its values.
    """
    if not isinstance(raw, Mapping):
        kind = type(raw).__name__
        raise ValidationError(
            {
                api_settings.NON_FIELD_ERRORS_KEY: [
                    _("Invalid data. Expected a dictionary, but got {kind}.").format(kind=kind)
                ]
            }
        )
    # All at once if there is nothing to name: one field after the other takes longer.
    if isinstance(raw, QueryDict) or not is_storable(raw):
        _refuse_unstorable(raw)
    return raw


def _refuse_unstorable(raw: Mapping[str, Any]) -> None:
    unstorable = [key for key in raw if not is_storable([key, _values_of(raw, key)])]
    if unstorable:
        raise ValidationError(
            {
                key if is_storable(key) else api_settings.NON_FIELD_ERRORS_KEY: [UNSTORABLE_MESSAGE]
                for key in unstorable
            }
        )


def body_as_dict(raw: Mapping[str, Any], list_fields: Container[str]) -> dict[str, Any]:
    """Return the body of a request as a dict of JSON values.

    Args:
        raw: the body, as JSON or as an HTML form submits it.
        list_fields: the names of fields that an HTML form may repeat.
    """
    if not isinstance(raw, QueryDict):
        return dict(raw)
    return {key: raw.getlist(key) if key in list_fields else raw[key] for key in raw}


def _values_of(raw: Mapping[str, Any], key: str) -> Any:
    """Return all values of a field, which an HTML form may repeat."""
    return raw.getlist(key) if isinstance(raw, QueryDict) else raw[key]
