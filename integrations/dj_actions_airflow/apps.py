"""The app configuration."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DJActionsAirflowConfig(AppConfig):
    """The app: the command `airflow_runs`, and the permissions to act on DAG runs."""

    name = "dj_actions_airflow"
    label = "dj_actions_airflow"
    verbose_name = _("Actions: Airflow")
