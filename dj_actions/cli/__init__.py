"""What management commands share: arguments, filters and output."""

from __future__ import annotations
