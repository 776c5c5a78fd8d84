"""How many DAG runs per second a relay triggers, beside a client that does nothing else."""

from __future__ import annotations
