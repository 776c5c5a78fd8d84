"""What a request can ask for beside the action itself."""

from __future__ import annotations
