"""The public API: the list of its names, and tests that hold the code and the docs to it."""

from __future__ import annotations
