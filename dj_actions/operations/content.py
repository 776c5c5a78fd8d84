"""Events and deliveries as plain data, for the archive and for the command line."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Model

from dj_actions.models import ActionEvent


def column_values(row: Model, *, exclude: Collection[str] = ()) -> dict[str, Any]:
    """Return the columns of a row with their values.

    Args:
        row: the row.
        exclude: names of fields to leave out.
    """
    fields = (field for field in row._meta.concrete_fields if field.name not in exclude)
    return {field.attname: getattr(row, field.attname) for field in fields}


def archive_content(event: ActionEvent) -> dict[str, Any]:
    """Return an event and its deliveries, complete."""
    deliveries = [column_values(delivery) for delivery in event.deliveries.all()]
    return column_values(event) | {"deliveries": deliveries}
