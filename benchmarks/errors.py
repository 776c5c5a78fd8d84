"""Errors of the benchmarks."""

from __future__ import annotations


class BenchmarkError(Exception):
    """The benchmark could not run, or its results are not valid."""
