"""The Stream publisher against the local feeds server, through the real client."""

from __future__ import annotations
