"""What Airflow says about DAGs, over real HTTP."""

from __future__ import annotations
