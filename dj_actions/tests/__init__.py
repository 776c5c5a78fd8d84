"""The test package of dj-actions 0.0.7; see `testutils`."""

from __future__ import annotations
