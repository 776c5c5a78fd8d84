"""Create two tenants, each with one delivery; run it with `python -m tests.tenants.seed`."""

from __future__ import annotations

import django

NAMES = ("one", "two")


def seed() -> None:
    """Create the tables, the tenants, and an event with a delivery for each of them."""
    from django.core.management import call_command  # noqa: PLC0415 - after Django's setup
    from django_tenants.utils import schema_context  # noqa: PLC0415

    from dj_actions.models import ActionEvent, Delivery  # noqa: PLC0415
    from tests.tenants.models import Tenant  # noqa: PLC0415

    call_command("migrate_schemas", "--shared", "--run-syncdb")
    for name in NAMES:
        Tenant.objects.create(schema_name=name, name=name)
        with schema_context(name):
            event = ActionEvent.objects.create(resource="todo", action=name, object_id="1")
            Delivery.objects.create(event=event, publisher="test")


if __name__ == "__main__":
    django.setup()
    seed()
