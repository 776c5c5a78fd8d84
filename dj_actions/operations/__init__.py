"""What people do with the outbox: retry, cancel, replay, discard, pause, resume, prune, archive."""

from __future__ import annotations
