from __future__ import annotations

from django.db import migrations, models

OPEN_OR_DEAD = models.Q(
    models.Q(("ordering_scope", ""), _negated=True),
    models.Q(("state", "delivered"), _negated=True),
    models.Q(("state", "cancelled"), _negated=True),
)


class Migration(migrations.Migration):
    # The same rows as before, by a condition that PostgreSQL tests faster. They are those of
    # publishers that keep an order and not delivered: few, also in a large table.
    dependencies = [("dj_actions", "0008_numbers")]

    operations = [
        migrations.RemoveIndex(model_name="delivery", name="dja_delivery_in_line"),
        migrations.RemoveIndex(model_name="delivery", name="dja_delivery_in_scope"),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=OPEN_OR_DEAD,
                fields=["publisher", "ordering_scope", "ordering_key", "id"],
                name="dja_delivery_in_line",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=OPEN_OR_DEAD,
                fields=["publisher", "ordering_scope", "id"],
                name="dja_delivery_in_scope",
            ),
        ),
    ]
