"""What the owners of notification feeds have seen and read."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("feeds_server", "0003_objects")]

    operations = [
        migrations.CreateModel(
            name="Mark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("feed", models.CharField(max_length=511)),
                ("group", models.CharField(blank=True, max_length=255)),
                ("seen_up_to", models.BigIntegerField(default=0)),
                ("read_up_to", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("feed", "group"), name="feeds_mark_once_per_group"
                    )
                ],
            },
        ),
    ]
