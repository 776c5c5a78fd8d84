"""Events and deliveries as plain data, for the archive and for the command line."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Model

from dj_actions.models import ActionEvent
from dj_actions.outbox.times import aware


def column_values(row: Model, *, exclude: Collection[str] = ()) -> dict[str, Any]:
    """Return the columns of a row with their values; times have a time zone.

    Args:
        row: the row.
        exclude: names of fields to leave out.
    """
    fields = (field for field in row._meta.concrete_fields if field.name not in exclude)
    return {field.attname: _value(row, field.attname) for field in fields}


def _value(row: Model, name: str) -> Any:
    value = getattr(row, name)
    return aware(value, using=str(row._state.db)) if isinstance(value, datetime) else value


def archive_content(event: ActionEvent) -> dict[str, Any]:
    """Return an event and its deliveries, complete."""
    deliveries = [column_values(delivery) for delivery in event.deliveries.all()]
    return column_values(event) | {"deliveries": deliveries}
