"""The storm's own bookkeeping, without a storm."""

from __future__ import annotations
