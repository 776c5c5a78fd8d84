"""FEEDS_SERVER from a JSON file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured


def configuration_in(path: str) -> dict[str, Any]:
    """Return the JSON object in a file; an empty one without a path.

    Raises:
        ImproperlyConfigured: the file does not exist or is not a JSON object.
    """
    if not path:
        return {}
    try:
        configuration = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"FEEDS_CONFIG: cannot read {path}: {error}") from error
    if not isinstance(configuration, dict):
        raise ImproperlyConfigured(f"FEEDS_CONFIG: {path} is not a JSON object.")
    return configuration
