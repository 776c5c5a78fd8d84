"""The benchmarks' arithmetic on samples whose answer is known, and how they ask and listen."""

from __future__ import annotations
