"""Validate the formats of JSON Schema.

jsonschema validates many formats only if optional packages are installed. An input must not depend
on that, so the common formats are implemented here.
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
"""A scheme, followed by the characters of https://www.rfc-editor.org/rfc/rfc3986#section-2."""


def is_date_time(text: str) -> bool:
    """Return whether the text is a date-time of RFC 3339, which requires an offset from UTC."""
    if not DATE_TIME.fullmatch(text):
        return False
    # Checks the lengths of the months. Python and the databases do not support leap seconds.
    datetime.fromisoformat(text.upper())
    return True


def is_time(text: str) -> bool:
    """Return whether the text is a full-time of RFC 3339, which requires an offset from UTC."""
    return is_date_time(f"2000-01-01T{text}")


def is_email(text: str) -> bool:
    """Return whether Django accepts the text as an email address."""
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


def _strings_only(check: Callable[[str], bool]) -> Callable[[object], bool]:
    """Return a check that accepts any other value: a format applies to strings only."""
    return lambda value: not isinstance(value, str) or check(value)


def _make_checker() -> FormatChecker:
    checker = FormatChecker(["date", "idn-email", "ipv4", "ipv6", "regex", "uuid"])
    for name, check in FORMATS.items():
        checker.checks(name, raises=(ValueError, ValidationError))(_strings_only(check))
    return checker


FORMAT_CHECKER = _make_checker()
"""Checks the formats above, and those that jsonschema checks without optional packages."""
