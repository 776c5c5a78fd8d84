"""The demonstration: act as a client would, then read back what became of it."""

from __future__ import annotations
