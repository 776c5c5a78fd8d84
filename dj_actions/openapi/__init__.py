"""Actions as typed operations of the project's OpenAPI document, made by drf-spectacular.

Needs the extra `openapi`. Nothing here is imported unless drf-spectacular describes the project.
"""

from __future__ import annotations
