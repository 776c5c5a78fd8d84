from __future__ import annotations

import django.db.models.functions.comparison
from django.db import migrations, models

import dj_actions.outbox.indexes
import dj_actions.states


class Migration(migrations.Migration):
    # Each index reads its table once, while actions and relays wait.
    dependencies = [
        ("dj_actions", "0007_attempts"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeliveryCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("publisher", models.CharField(max_length=64, verbose_name="publisher")),
                ("period", models.IntegerField(verbose_name="half hours since 1970")),
                ("delivered", models.BigIntegerField(default=0, verbose_name="delivered")),
                (
                    "failed",
                    models.BigIntegerField(
                        default=0,
                        help_text="Also those that are tried again.",
                        verbose_name="failed attempts",
                    ),
                ),
            ],
            options={
                "verbose_name": "count of deliveries",
                "verbose_name_plural": "counts of deliveries",
                "ordering": ["-period", "publisher"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="actionevent",
            name="dja_one_event_per_idempotency_key",
        ),
        migrations.RemoveIndex(
            model_name="actionevent",
            name="dja_event_by_object",
        ),
        migrations.AddField(
            model_name="publisherstate",
            name="opened_at",
            field=models.DateTimeField(
                help_text="When it opened first.", null=True, verbose_name="circuit breaker opened"
            ),
        ),
        migrations.AddIndex(
            model_name="actionevent",
            index=models.Index(fields=["object_id", "resource", "-id"], name="dja_event_by_object"),
        ),
        migrations.AddIndex(
            model_name="actionevent",
            index=dj_actions.outbox.indexes.ElementsIndex(
                condition=models.Q(("object_id__isnull", True)),
                fields=["object_ids"],
                name="dja_event_of_objects",
                opclasses=["jsonb_path_ops"],
            ),
        ),
        migrations.AddIndex(
            model_name="actionevent",
            index=models.Index(
                condition=models.Q(("actor_label", ""), _negated=True),
                fields=["actor_label", "-id"],
                name="dja_event_by_actor_label",
            ),
        ),
        migrations.AddIndex(
            model_name="actionevent",
            index=models.Index(
                condition=models.Q(("status_code__gte", 400)),
                fields=["-id"],
                name="dja_event_failed",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(
                    ("remote_state", dj_actions.states.RemoteState["UNTRACKED"]), _negated=True
                ),
                fields=["-id"],
                name="dja_delivery_run",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(
                    ("remote_state", dj_actions.states.RemoteState["UNTRACKED"]), _negated=True
                ),
                fields=["remote_state", "-id", "receipt_scope"],
                name="dja_delivery_run_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="actionevent",
            constraint=models.UniqueConstraint(
                models.F("idempotency_key"),
                django.db.models.functions.comparison.Coalesce("actor_id", models.Value("")),
                models.F("resource"),
                models.F("action"),
                condition=models.Q(("idempotency_key__isnull", False)),
                name="dja_one_event_per_idempotency_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliverycount",
            constraint=models.UniqueConstraint(
                fields=("period", "publisher"), name="dja_one_count_per_publisher"
            ),
        ),
    ]
