"""The import path of the test utilities of dj-actions 0.0.7."""

from __future__ import annotations
