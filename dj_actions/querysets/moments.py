"""Moments by the database's clock: no decision depends on the clock of a machine."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models.functions import Now


def after(seconds: float) -> models.Expression:
    """Return the moment so many seconds from now."""
    if not seconds:
        return Now()  # not `Now() + 0`, which SQLite writes as a later text of the same moment
    return models.ExpressionWrapper(
        Now() + timedelta(seconds=seconds), output_field=models.DateTimeField()
    )
