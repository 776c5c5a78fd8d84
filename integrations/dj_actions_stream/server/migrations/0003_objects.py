"""The tables of users, collection entries and reactions."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("feeds_server", "0002_follows"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("data", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="CollectionEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("collection", models.CharField(max_length=255)),
                ("entry_id", models.CharField(max_length=255)),
                ("owner", models.CharField(blank=True, max_length=255)),
                ("data", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "collection entries",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("collection", "entry_id"), name="feeds_collection_entry_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReactionCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("target", models.UUIDField()),
                ("kind", models.CharField(max_length=255)),
                ("count", models.PositiveIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("target", "kind"), name="feeds_reaction_count_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Reaction",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=255)),
                ("activity_id", models.UUIDField()),
                ("level", models.PositiveSmallIntegerField(default=1)),
                ("user_id", models.CharField(max_length=255)),
                ("data", models.JSONField(default=dict)),
                ("target_feeds", models.JSONField(default=list)),
                ("target_feeds_extra_data", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("deleted_at", models.DateTimeField(null=True)),
                (
                    "parent",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="children",
                        to="feeds_server.reaction",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("parent", None)),
                        fields=["activity_id", "-created_at", "-id"],
                        name="feeds_reaction_of_activity",
                    ),
                    models.Index(
                        condition=models.Q(("parent", None)),
                        fields=["activity_id", "kind", "-created_at", "-id"],
                        name="feeds_reaction_of_kind",
                    ),
                    models.Index(
                        fields=["parent", "-created_at", "-id"], name="feeds_reaction_of_parent"
                    ),
                    models.Index(
                        fields=["user_id", "-created_at", "-id"], name="feeds_reaction_of_user"
                    ),
                    models.Index(fields=["user_id", "activity_id"], name="feeds_reaction_own"),
                ],
            },
        ),
    ]
