"""One run of an action, step by step."""

from __future__ import annotations
