from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    # The columns are empty in existing rows, or have a constant default: PostgreSQL adds them at
    # once, whatever the size of the table, and an older release continues to insert and settle
    # rows. So the index has no rows yet: PostgreSQL reads the table once to find that out.
    dependencies = [("dj_actions", "0006_machine_tokens")]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="first_sent_at",
            field=models.DateTimeField(
                help_text="When the first attempt began; a replay resets it.",
                null=True,
                verbose_name="first sent",
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="sent_at",
            field=models.DateTimeField(
                help_text="When the attempt that succeeded began.", null=True, verbose_name="sent"
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="sending_seconds",
            field=models.FloatField(
                help_text="How long that attempt took.",
                null=True,
                verbose_name="seconds of sending",
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="relay",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Host and process id of the relay that has or had it last.",
                max_length=255,
                verbose_name="relay",
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="errors",
            field=models.JSONField(
                db_default=[],
                default=list,
                help_text="The first failed attempt, and the newest ones.",
                verbose_name="errors",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("sent_at__isnull", False)),
                fields=["publisher", "settled_at"],
                name="dja_delivery_timed",
            ),
        ),
    ]
