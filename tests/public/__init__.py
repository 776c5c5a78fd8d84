"""The public front: what it is, and that it is documented."""

from __future__ import annotations
