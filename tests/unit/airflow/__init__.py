"""The Airflow integration without a network: runs, errors, checks, imports."""

from __future__ import annotations
