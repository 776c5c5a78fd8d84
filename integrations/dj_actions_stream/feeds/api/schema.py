"""Describe the API for drf-spectacular, if that is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])

try:
    from drf_spectacular.utils import extend_schema as _extend_schema
except ImportError:
    _extend_schema = None  # type: ignore[assignment]


def describe(**options: Any) -> Callable[[View], View]:
    """Return a decorator of a view's method; see `drf_spectacular.utils.extend_schema`.

    Args:
        options: `request`, `responses`, `parameters` and others, with serializers as values.
    """
    if _extend_schema is None:
        return lambda view: view
    return _extend_schema(**options)
