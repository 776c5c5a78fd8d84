"""Pages for the developer who runs the server: its feeds, activities and tokens for tests."""

from __future__ import annotations
