"""The rows that a test needs in order to run an action again, as they are now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Field, ForeignKey, Model

from dj_actions.conf import get_settings
from dj_actions.redaction import is_sensitive, redact, seems_secret

MAX_ROWS = 20
"""Rows of a test; what they refer to beyond that is left out."""

LITERAL_TYPES = (bool, int, float, str, list, dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRow:
    """One row."""

    model: str
    """Label of the model, for example `todos.todo`."""

    columns: Mapping[str, Any]
    """Attribute → value, as a literal."""


@dataclass(frozen=True, slots=True)
class RowCollector:
    """Collects rows, each after those that it refers to.

    Args:
        viewer: the user for whom it is done; of models that they may not view, only keys are read.
    """

    viewer: Any
    rows: list[SampleRow] = field(default_factory=list)
    _seen: set[tuple[type[Model], Any]] = field(default_factory=set)

    def add(self, row: Model) -> None:
        """Add a row, and those that it refers to."""
        model = row._meta.concrete_model
        if model is None or (model, row.pk) in self._seen or len(self._seen) >= MAX_ROWS:
            return
        self._seen.add((model, row.pk))
        columns = self._columns(row)
        for column in columns:
            if isinstance(column, ForeignKey) and (target := getattr(row, column.name)):
                self.add(target)
        self.rows.append(
            SampleRow(
                model=model._meta.label_lower,
                columns={column.attname: _literal(column, row) for column in columns},
            )
        )

    def _columns(self, row: Model) -> Sequence[Field[Any, Any]]:
        """Return the columns with a value of their own, without secrets."""
        options = row._meta
        may_view = self.viewer.has_perm(f"{options.app_label}.view_{options.model_name}")
        sensitive = get_settings().sensitive_fields
        return [
            column
            for column in options.local_concrete_fields
            if column.primary_key
            or (
                (may_view or _is_needed(column, row))
                and not getattr(column, "generated", False)
                and not (is_sensitive(column.name, sensitive) or seems_secret(column.name))
                and getattr(row, column.attname) != column.get_default()
            )
        ]


def _is_needed(column: Field[Any, Any], row: Model) -> bool:
    """Return whether a row cannot be inserted without the column, or is not known without it."""
    is_username = column.name == getattr(row, "USERNAME_FIELD", None)
    return is_username or (isinstance(column, ForeignKey) and not column.null)


def _literal(column: Field[Any, Any], row: Model) -> Any:
    value = getattr(row, column.attname)
    if value is None or type(value) in LITERAL_TYPES:
        return redact(value, get_settings().sensitive_fields)
    return str(column.value_to_string(row))
