"""The DAG runs of a message, and their ids and payloads."""

from __future__ import annotations
