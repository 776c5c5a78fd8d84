from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    # The columns are empty or have a constant default: PostgreSQL adds them at once, and an older
    # release that does not know them continues to insert rows. The constraint and the index read
    # the table once; the new index serves the queries of an older release, too.
    dependencies = [("dj_actions", "0003_delivery_in_scope")]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="remote_changed_at",
            field=models.DateTimeField(
                help_text="Since it was delivered.",
                null=True,
                verbose_name="remote state changed",
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="remote_report",
            field=models.JSONField(editable=False, null=True, verbose_name="remote report"),
        ),
        migrations.AddField(
            model_name="delivery",
            name="remote_history",
            field=models.JSONField(
                db_default=[],
                default=list,
                help_text="The latest states of the remote run.",
                verbose_name="remote history",
            ),
        ),
        migrations.AddField(
            model_name="publisherstate",
            name="changes_checked_at",
            field=models.DateTimeField(
                editable=False,
                help_text="When a tracker last requested changed runs.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="publisherstate",
            name="changes_known_until",
            field=models.DateTimeField(
                editable=False,
                help_text="Up to when changes of remote runs are known; empty if they are not.",
                null=True,
            ),
        ),
        migrations.RemoveConstraint(model_name="delivery", name="dja_remote_state_is_whole"),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("remote_changed_at", None),
                        ("remote_check_at", None),
                        ("remote_ended_at", None),
                        ("remote_history", []),
                        ("remote_report__isnull", True),
                        ("remote_state", "untracked"),
                    ),
                    models.Q(
                        ("remote_check_at__isnull", False),
                        ("remote_ended_at", None),
                        ("remote_state", "running"),
                    ),
                    models.Q(
                        ("remote_ended_at__isnull", False),
                        models.Q(
                            ("remote_state", "succeeded"),
                            ("remote_state", "failed"),
                            ("remote_state", "lost"),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="dja_remote_state_is_whole",
            ),
        ),
        migrations.RemoveIndex(model_name="delivery", name="dja_delivery_tracked"),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("remote_check_at__isnull", False)),
                fields=["publisher", "remote_check_at"],
                name="dja_delivery_tracked",
            ),
        ),
    ]
