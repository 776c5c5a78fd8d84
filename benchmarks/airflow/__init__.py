"""How many DAG runs per second a relay triggers, compared with a client that does nothing else."""

from __future__ import annotations
