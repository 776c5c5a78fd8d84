"""Tests of the OpenAPI document, and of the API against it."""

from __future__ import annotations
