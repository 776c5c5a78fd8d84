"""Choose what describes a view to OpenAPI: ours, in a project that drf-spectacular describes."""

from __future__ import annotations

import functools
import sys
from typing import Any

from django.utils.module_loading import import_string
from rest_framework.schemas.inspectors import DefaultSchema


class ViewSchema(DefaultSchema):
    """What DRF's DEFAULT_SCHEMA_CLASS says; if that is drf-spectacular's, our subclass of it.

    drf-spectacular is not ours to require: without it, or with another DEFAULT_SCHEMA_CLASS,
    nothing of it is imported.

    Args:
        described_by: dotted path of our subclass of drf-spectacular's AutoSchema.
    """

    def __init__(self, described_by: str) -> None:
        super().__init__()
        self._described_by = described_by

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        """Return what describes the view, made for it."""
        inspector = super().__get__(instance, owner)
        default: Any = type(inspector)
        if instance in self.instance_schemas or not _is_of_spectacular(default):
            return inspector
        own = _combined(self._described_by, default)()
        own.view = instance
        return own


def _is_of_spectacular(inspector: type[Any]) -> bool:
    """Tell whether a class is derived from drf-spectacular's, without importing that."""
    loaded = sys.modules.get("drf_spectacular.openapi")
    return loaded is not None and issubclass(inspector, loaded.AutoSchema)


@functools.cache
def _combined(described_by: str, default: type[Any]) -> type[Any]:
    """Return our class, on top of the project's own if that is a further subclass."""
    own: type[Any] = import_string(described_by)
    return own if issubclass(own, default) else type(own.__name__, (own, default), {})
