"""Describe actions as typed operations of the project's OpenAPI document.

Requires the extra `openapi`. These modules are imported only if drf-spectacular generates the
project's document.
"""

from __future__ import annotations
