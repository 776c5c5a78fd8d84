"""Actions and events over HTTP."""

from __future__ import annotations
