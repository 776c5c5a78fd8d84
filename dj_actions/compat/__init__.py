"""What dj-actions 0.0.7 promised, behind modules at the old import paths."""

from __future__ import annotations
