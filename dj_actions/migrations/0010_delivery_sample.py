from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    # The column is empty in existing rows, which PostgreSQL adds at once, and the index has no rows
    # yet. Percentiles leave out what was delivered before.
    dependencies = [("dj_actions", "0009_delivery_in_line")]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="sample_weight",
            field=models.SmallIntegerField(
                editable=False,
                help_text="How many deliveries it represents in percentiles; "
                "empty: it is not read.",
                null=True,
                verbose_name="sample weight",
            ),
        ),
        migrations.RemoveIndex(model_name="delivery", name="dja_delivery_timed"),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("sample_weight__isnull", False)),
                fields=["publisher", "settled_at"],
                name="dja_delivery_sampled",
            ),
        ),
    ]
