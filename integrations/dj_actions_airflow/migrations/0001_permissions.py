"""The permissions to act on DAG runs."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    operations = [
        migrations.CreateModel(
            name="AirflowRun",
            fields=[("id", models.CharField(max_length=250, primary_key=True, serialize=False))],
            options={
                "verbose_name": "Airflow run",
                "verbose_name_plural": "Airflow runs",
                "permissions": [
                    ("rerun_airflowrun", "Can rerun Airflow runs"),
                    ("mark_airflowrun", "Can mark Airflow runs as succeeded or failed"),
                    ("note_airflowrun", "Can write notes on Airflow runs"),
                    ("unpause_airflowrun", "Can unpause the DAGs of Airflow runs"),
                    ("trigger_airflowrun", "Can trigger Airflow runs again with another conf"),
                ],
                "managed": False,
                "default_permissions": (),
            },
        ),
    ]
