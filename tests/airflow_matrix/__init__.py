"""The Airflow publisher against several real versions of Airflow: `make airflow-matrix`."""

from __future__ import annotations
