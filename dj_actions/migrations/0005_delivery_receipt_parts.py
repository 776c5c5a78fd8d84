from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    # A constant default: PostgreSQL adds the column at once, whatever the size of the table, and an
    # older release that does not know it continues to insert rows.
    dependencies = [("dj_actions", "0004_remote_runs")]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="receipt_parts",
            field=models.JSONField(
                db_default=[],
                default=list,
                help_text="Empty for one result, which the receipt names.",
                verbose_name="all results",
            ),
        ),
    ]
