"""Indexes that Django has no class for without its app for PostgreSQL."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement


class ElementsIndex(models.Index):
    """An index that finds JSON arrays by an element; one of the whole text on other databases.

    `GinIndex` is the same on PostgreSQL, but requires `django.contrib.postgres` to be installed.
    """

    def create_sql(
        self,
        model: type[models.Model],
        schema_editor: BaseDatabaseSchemaEditor,
        using: str = "",
        **kwargs: Any,
    ) -> Statement:
        """Return the statement that creates it."""
        if schema_editor.connection.vendor == "postgresql":
            using = " USING gin"
        return super().create_sql(model, schema_editor, using=using, **kwargs)
