"""The parts of the benchmarks that need a database."""

from __future__ import annotations
