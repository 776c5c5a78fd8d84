"""Changed runs, and the reasons for their states, over real HTTP."""

from __future__ import annotations
