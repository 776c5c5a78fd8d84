"""The actions of DJ Actions itself."""

from __future__ import annotations

from dj_actions.actions.archive_actions import ArchiveActions

__all__ = ["ArchiveActions"]
