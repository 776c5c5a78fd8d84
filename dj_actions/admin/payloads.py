"""JSON in the admin, formatted for reading."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

MAX_SHOWN = 20_000
"""Characters of one value that a page shows."""


def formatted(value: Any) -> SafeString | str:
    """Return a JSON value with a line for each entry; a hyphen for None."""
    if value is None:
        return "-"
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    shown = format_html('<pre class="dj-actions-json">{}</pre>', text[:MAX_SHOWN])
    if len(text) <= MAX_SHOWN:
        return shown
    return format_html("{}<p>{}</p>", shown, gettext("Only the beginning is shown."))


def json_column(get: Callable[[Any], Any], description: Any) -> Callable[..., SafeString | str]:
    """Return a method of a `ModelAdmin` that shows a JSON value.

    Args:
        get: returns the value of a row.
        description: label of the field.
    """

    @admin.display(description=description)
    def shown(_admin: Any, row: Any) -> SafeString | str:
        return formatted(get(row))

    return shown
