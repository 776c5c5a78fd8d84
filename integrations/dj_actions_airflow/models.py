"""The permissions to act on DAG runs. There is no table: Airflow has the runs."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AirflowRun(models.Model):
    """A run in Airflow, as what permissions are about. No rows exist."""

    id = models.CharField(primary_key=True, max_length=250)

    class Meta:
        app_label = "dj_actions_airflow"
        managed = False
        verbose_name = _("Airflow run")
        verbose_name_plural = _("Airflow runs")
        default_permissions = ()
        permissions = [
            ("rerun_airflowrun", "Can rerun Airflow runs"),
            ("mark_airflowrun", "Can mark Airflow runs as succeeded or failed"),
            ("note_airflowrun", "Can write notes on Airflow runs"),
            ("unpause_airflowrun", "Can unpause the DAGs of Airflow runs"),
            ("trigger_airflowrun", "Can trigger Airflow runs again with another conf"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
