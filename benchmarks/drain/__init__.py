"""How fast a backlog is drained with a publisher that does nothing, compared to alternatives."""

from __future__ import annotations
