"""How fast a backlog is emptied with a publisher that does nothing, side by side with others."""

from __future__ import annotations
