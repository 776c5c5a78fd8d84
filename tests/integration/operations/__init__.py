"""What people do with the outbox."""

from __future__ import annotations
