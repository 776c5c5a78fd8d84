"""The raw body of a request, before an input looks at it."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from rest_framework.exceptions import ValidationError
from rest_framework.settings import api_settings

from dj_actions.text import is_storable

UNSTORABLE = _lazy(
    "Null characters, lone surrogates, infinite numbers and deep nesting are not allowed."
)


def require_mapping(raw: object) -> Mapping[str, Any]:
    """Return the body of a request if it is a JSON object that a database can store.

    Raises:
        ValidationError: it is something else, or holds text that PostgreSQL cannot store.
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
    refused = {key: [UNSTORABLE] for key in raw if not is_storable([key, _all_of(raw, key)])}
    if refused:
        raise ValidationError(
            {
                key if is_storable(key) else api_settings.NON_FIELD_ERRORS_KEY: messages
                for key, messages in refused.items()
            }
        )
    return raw


def as_object(raw: Mapping[str, Any], lists: Container[str]) -> dict[str, Any]:
    """Return the body as a JSON object.

    Args:
        raw: the body, as JSON or as an HTML form sends it.
        lists: the names of fields that an HTML form may repeat.
    """
    if not isinstance(raw, QueryDict):
        return dict(raw)
    return {key: raw.getlist(key) if key in lists else raw[key] for key in raw}


def _all_of(raw: Mapping[str, Any], key: str) -> Any:
    """Return all values of a field: a form may repeat it."""
    return raw.getlist(key) if isinstance(raw, QueryDict) else raw[key]
