"""The feeds server's only setting, FEEDS_SERVER, and the credentials in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

SETTING = "FEEDS_SERVER"
REQUIRED_KEYS = ("API_KEY", "API_SECRET")
OPTIONAL_KEYS = ("GROUPS", "RATE_LIMITS", "ALLOWED_ORIGINS", "BROWSER", "OPEN_GRAPH")
KEYS = (*REQUIRED_KEYS, *OPTIONAL_KEYS)
EXAMPLE = f'{SETTING} = {{"API_KEY": "...", "API_SECRET": "..."}}'


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """The key and secret that clients share with this server."""

    api_key: str
    api_secret: str

    @classmethod
    def current(cls) -> Self:
        """Return the credentials from the current settings, which tests may override."""
        configured = configuration()
        if missing_keys(configured):
            raise ImproperlyConfigured(f"{SETTING} is incomplete; set {EXAMPLE}.")
        return cls(api_key=configured["API_KEY"], api_secret=configured["API_SECRET"])


def configuration() -> Mapping[str, Any]:
    """Return the setting, or an empty mapping if it is not set."""
    configured = getattr(settings, SETTING, None)
    return configured if isinstance(configured, Mapping) else {}


def missing_keys(configured: Mapping[str, Any]) -> list[str]:
    """Return the keys without a usable value."""
    return [key for key in REQUIRED_KEYS if not _is_non_empty_string(configured.get(key))]


def _is_non_empty_string(value: object) -> bool:
    return isinstance(value, str) and value != ""
