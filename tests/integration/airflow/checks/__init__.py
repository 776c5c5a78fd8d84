"""What Airflow says against routes, over real HTTP."""

from __future__ import annotations
