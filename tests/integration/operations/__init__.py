"""The operations on the outbox."""

from __future__ import annotations
