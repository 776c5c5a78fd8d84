from __future__ import annotations

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    # PostgreSQL adds both columns of events at once, whatever the size of the table, and an older
    # release that does not know them continues to insert rows. The index has no rows yet, but the
    # table is read for it once.
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("dj_actions", "0005_delivery_receipt_parts"),
    ]

    operations = [
        migrations.CreateModel(
            name="MachineToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                (
                    "prefix",
                    models.CharField(
                        help_text="Start of the secret.", max_length=12, verbose_name="prefix"
                    ),
                ),
                (
                    "actions",
                    models.JSONField(
                        default=list,
                        help_text="Patterns of the actions that it may call.",
                        verbose_name="actions",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="created",
                    ),
                ),
                (
                    "created_by",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        max_length=255,
                        verbose_name="created by",
                    ),
                ),
                ("expires_at", models.DateTimeField(null=True, verbose_name="expires")),
                (
                    "last_used_at",
                    models.DateTimeField(
                        help_text="Written at most once a minute.",
                        null=True,
                        verbose_name="last used",
                    ),
                ),
                ("revoked_at", models.DateTimeField(null=True, verbose_name="revoked")),
                (
                    "owner",
                    models.ForeignKey(
                        db_constraint=False,
                        help_text="The user who acts.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "machine token",
                "verbose_name_plural": "machine tokens",
                "ordering": ["name", "id"],
            },
        ),
        migrations.AddField(
            model_name="actionevent",
            name="depth",
            field=models.SmallIntegerField(
                db_default=0,
                default=0,
                editable=False,
                help_text="Number of events that led to this one.",
                verbose_name="depth",
            ),
        ),
        migrations.AddField(
            model_name="actionevent",
            name="root",
            field=models.UUIDField(
                editable=False,
                help_text="The first event of the chain that led to this one.",
                null=True,
                verbose_name="root",
            ),
        ),
        migrations.AlterField(
            model_name="actionevent",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                help_text="The event that led to this one.",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="children",
                to="dj_actions.actionevent",
                verbose_name="parent",
            ),
        ),
        migrations.AddIndex(
            model_name="actionevent",
            index=models.Index(
                condition=models.Q(("root__isnull", False)),
                fields=["root"],
                name="dja_event_by_root",
            ),
        ),
    ]
