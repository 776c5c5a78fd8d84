"""The OpenAPI document, and whether the API keeps what it promises."""

from __future__ import annotations
