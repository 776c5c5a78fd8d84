"""The definition of an action: its frozen dataclass, compiler, description and discovery."""

from __future__ import annotations
