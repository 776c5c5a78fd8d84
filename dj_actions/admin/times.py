"""Times in the admin: absolute, with their zone, and with their age."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dj_actions.console.screens.times import relative_text
from dj_actions.outbox.times import aware

Column = Callable[[Any, Any], SafeString | str]


def moment(value: datetime | None, *, using: str) -> SafeString | str:
    """Return a time with its zone and its age; a hyphen without one.

    Args:
        value: the time.
        using: alias of the database that it was read from.
    """
    if value is None:
        return "-"
    local = timezone.localtime(aware(value, using=using))
    return format_html(
        '<time datetime="{}">{} {}</time> <span class="dj-actions-age">{}</span>',
        local.isoformat(),
        date_format(local, "DATETIME_FORMAT"),
        local.tzname(),
        relative_text(local, datetime.now(UTC)),
    )


def moment_of(row: Model, name: str) -> SafeString | str:
    """Return the time in a column of a row."""
    return moment(getattr(row, name), using=str(row._state.db))


def time_column(name: str, description: Any) -> Column:
    """Return a method of a `ModelAdmin` that shows the time in a column.

    Args:
        name: of the column, by which the list is sorted.
        description: heading of the column.
    """

    @admin.display(description=description, ordering=name)
    def shown(_admin: Any, row: Model) -> SafeString | str:
        return moment_of(row, name)

    return shown
