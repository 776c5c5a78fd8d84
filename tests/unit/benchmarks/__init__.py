"""The benchmarks' statistics on known samples, options, child processes and transports."""

from __future__ import annotations
