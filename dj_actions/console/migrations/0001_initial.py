"""The permissions of the console."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="ConsolePermissions",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
            ],
            options={
                "verbose_name": "console",
                "verbose_name_plural": "console",
                "permissions": [
                    ("view_console", "Can use the console"),
                    ("view_payloads", "Can see inputs, results and payloads in the console"),
                    ("retry_deliveries", "Can retry pending deliveries"),
                    ("cancel_deliveries", "Can cancel pending deliveries"),
                    ("replay_deliveries", "Can replay dead letters and delivered messages"),
                    ("discard_deliveries", "Can discard dead letters"),
                    ("pause_publishers", "Can pause and resume publishers"),
                    ("run_actions", "Can run actions from the catalogue"),
                ],
                "managed": False,
                "default_permissions": (),
            },
        ),
    ]
