"""The records and their queries."""

from __future__ import annotations
