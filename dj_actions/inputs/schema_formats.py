"""The formats of JSON Schema that are checked.

jsonschema checks many of them only if further packages happen to be installed. An input must not
depend on that, so the common ones are read here.
See https://json-schema.org/draft/2020-12/json-schema-validation#section-7.3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from jsonschema import FormatChecker

TIME = r"\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"
DATE_TIME = re.compile(rf"\d{{4}}-\d\d-\d\d[Tt]{TIME}", re.ASCII)
DURATION = re.compile(r"P(?=.)(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?)", re.ASCII)
HOSTNAME = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*",
    re.ASCII | re.IGNORECASE,
)
URI = re.compile(r"[a-z][a-z0-9+.-]*:[\w.~:/?#\[\]@!$&'()*+,;=%-]*", re.ASCII | re.IGNORECASE)
"""A scheme, and after it the characters of https://www.rfc-editor.org/rfc/rfc3986#section-2."""


def is_date_time(text: str) -> bool:
    """Tell whether it is a date-time of RFC 3339, which has an offset from UTC."""
    if not DATE_TIME.fullmatch(text):
        return False
    # Python knows the lengths of the months, but not the leap second; nor do our databases.
    datetime.fromisoformat(text.upper())
    return True


def is_time(text: str) -> bool:
    """Tell whether it is a full-time of RFC 3339, which has an offset from UTC."""
    return is_date_time(f"2000-01-01T{text}")


def is_email(text: str) -> bool:
    """Tell whether Django takes it for an address."""
    validate_email(text)
    return True


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


FORMATS: Mapping[str, Callable[[str], bool]] = MappingProxyType(
    {
        "date-time": is_date_time,
        "duration": _matches(DURATION),
        "email": is_email,
        "hostname": _matches(HOSTNAME),
        "time": is_time,
        "uri": _matches(URI),
    }
)


def _for_texts(check: Callable[[str], bool]) -> Callable[[object], bool]:
    """A format says nothing about what is no text."""
    return lambda value: not isinstance(value, str) or check(value)


def _checker() -> FormatChecker:
    checker = FormatChecker(["date", "idn-email", "ipv4", "ipv6", "regex", "uuid"])
    for name, check in FORMATS.items():
        checker.checks(name, raises=(ValueError, ValidationError))(_for_texts(check))
    return checker


FORMAT_CHECKER = _checker()
"""Checks the formats above, and those that jsonschema checks on its own."""
