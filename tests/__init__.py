"""The tests of DJ Actions."""

from __future__ import annotations
