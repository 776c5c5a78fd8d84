"""The outbox and its queries."""

from __future__ import annotations
