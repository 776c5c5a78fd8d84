"""The Airflow publisher, through its real client over real HTTP."""

from __future__ import annotations
