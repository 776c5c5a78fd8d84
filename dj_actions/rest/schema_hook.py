"""Use our schema class in a project that describes its API with drf-spectacular."""

from __future__ import annotations

import functools
import sys
from typing import Any

from django.utils.module_loading import import_string
from rest_framework.schemas.inspectors import DefaultSchema


class ViewSchema(DefaultSchema):
    """DRF's DEFAULT_SCHEMA_CLASS; our subclass of it, if that is drf-spectacular's.

    drf-spectacular is optional: without it, or with another DEFAULT_SCHEMA_CLASS, it is not
    imported.

    Args:
        schema_class: dotted path of our subclass of drf-spectacular's AutoSchema.
    """

    def __init__(self, schema_class: str) -> None:
        super().__init__()
        self._schema_class = schema_class

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        """Return the schema of the view."""
        inspector = super().__get__(instance, owner)
        default: Any = type(inspector)
        if instance in self.instance_schemas or not _is_spectacular(default):
            return inspector
        own = _combined(self._schema_class, default)()
        own.view = instance
        return own


def _is_spectacular(inspector: type[Any]) -> bool:
    """Return whether a class is a subclass of drf-spectacular's, without importing that."""
    loaded = sys.modules.get("drf_spectacular.openapi")
    return loaded is not None and issubclass(inspector, loaded.AutoSchema)


@functools.cache
def _combined(schema_class: str, default: type[Any]) -> type[Any]:
    """Return our class, combined with the project's own if that is another subclass."""
    own: type[Any] = import_string(schema_class)
    return own if issubclass(own, default) else type(own.__name__, (own, default), {})
