from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    # It has the open deliveries of publishers that keep an order: few rows, also in a large table.
    dependencies = [("dj_actions", "0002_delivery_options")]

    operations = [
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(
                    ("state__in", ["dead", "pending", "sending"]),
                    models.Q(("ordering_scope", ""), _negated=True),
                ),
                fields=["publisher", "ordering_scope", "id"],
                name="dja_delivery_in_scope",
            ),
        ),
    ]
