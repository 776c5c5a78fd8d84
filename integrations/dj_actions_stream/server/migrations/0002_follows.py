"""Entries get the time of their activity, and the followed feed; activities get their owner."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models
from django.db.models import F, OuterRef, Q, Subquery


def fill(apps: Any, schema_editor: Any) -> None:
    """Copy the times, and let the first feed that an activity was added to own it."""
    activities = apps.get_model("feeds_server", "Activity").objects.using(
        schema_editor.connection.alias
    )
    entries = apps.get_model("feeds_server", "FeedEntry").objects.using(
        schema_editor.connection.alias
    )
    time = activities.filter(pk=OuterRef("activity")).values("time")
    entries.update(time=Subquery(time[:1]))
    own = entries.filter(activity=OuterRef("pk"), feed=F("source")).order_by("pk")
    activities.filter(entries__isnull=False).update(owner=Subquery(own.values("feed")[:1]))


class Migration(migrations.Migration):
    dependencies = [("feeds_server", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="feedentry", name="feeds_entry_once_per_source"),
        migrations.RemoveIndex(model_name="feedentry", name="feeds_entry_feed"),
        migrations.RemoveIndex(model_name="activity", name="feeds_activity_newest"),
        migrations.AddField(
            model_name="activity",
            name="owner",
            field=models.CharField(blank=True, default="", max_length=511),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="feedentry",
            name="origin",
            field=models.CharField(blank=True, default="", max_length=511),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="feedentry", name="time", field=models.DateTimeField(null=True)
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(model_name="feedentry", name="time", field=models.DateTimeField()),
        migrations.AddConstraint(
            model_name="feedentry",
            constraint=models.UniqueConstraint(
                fields=("activity", "feed", "source", "origin"), name="feeds_entry_once_per_path"
            ),
        ),
        migrations.AddIndex(
            model_name="feedentry",
            index=models.Index(fields=["feed", "-time", "-activity"], name="feeds_entry_page"),
        ),
        migrations.AddIndex(
            model_name="feedentry",
            index=models.Index(
                condition=~Q(origin=""), fields=["feed", "origin"], name="feeds_entry_origin"
            ),
        ),
        migrations.CreateModel(
            name="Follow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("follower", models.CharField(max_length=511)),
                ("target", models.CharField(max_length=511)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("follower", "target"), name="feeds_follow_once"
                    ),
                ],
                "indexes": [
                    models.Index(fields=["follower", "-id"], name="feeds_follow_following"),
                    models.Index(fields=["target", "-id"], name="feeds_follow_followers"),
                ],
            },
        ),
    ]
