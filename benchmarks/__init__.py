"""Benchmarks that compare DJ Actions side by side with its alternatives; see `make bench`."""

from __future__ import annotations
