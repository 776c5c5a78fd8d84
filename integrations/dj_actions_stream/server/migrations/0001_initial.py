"""The first tables: activities, and in which feeds they are shown."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Activity",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("foreign_id", models.CharField(blank=True, max_length=255)),
                ("time", models.DateTimeField()),
                ("actor", models.TextField()),
                ("verb", models.CharField(max_length=255)),
                ("object", models.TextField()),
                ("target", models.TextField(blank=True)),
                ("to", models.JSONField(default=list)),
                ("custom", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name_plural": "activities",
                "indexes": [
                    models.Index(fields=["foreign_id"], name="feeds_activity_foreign_id"),
                    models.Index(fields=["-time", "-id"], name="feeds_activity_newest"),
                ],
            },
        ),
        migrations.CreateModel(
            name="FeedEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("feed", models.CharField(max_length=511)),
                ("source", models.CharField(max_length=511)),
                (
                    "activity",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="feeds_server.activity",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "feed entries",
                "indexes": [models.Index(fields=["feed", "activity"], name="feeds_entry_feed")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("activity", "feed", "source"), name="feeds_entry_once_per_source"
                    )
                ],
            },
        ),
    ]
