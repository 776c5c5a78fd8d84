"""The arithmetic of the benchmarks, on samples whose answer is known."""

from __future__ import annotations
