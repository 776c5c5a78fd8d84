"""Filters of the lists in the admin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin

from dj_actions.console.screens.status import word_of


class StateFilter(admin.ChoicesFieldListFilter):
    """A filter by a state, with its translated word."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield the choices of the filter."""
        for choice in super().choices(changelist):
            # With facets, the number of rows follows.
            state, separator, count = str(choice["display"]).partition(" (")
            yield {**choice, "display": f"{word_of(state)}{separator}{count}"}
