"""manage.py create_users: create the users of the example, and a machine that calls actions."""

from __future__ import annotations

import os
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Creates users, an admin and a machine; existing users get the new password."""

    help = "Creates users, and an admin, with the password in the variable EXAMPLE_PASSWORD."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("names", nargs="*", help="names of regular users")
        parser.add_argument("--admin", metavar="NAME", help="name of a superuser")
        parser.add_argument(
            "--machine", metavar="NAME", help="name of a user as whom a machine reminds"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the users."""
        password = os.environ.get("EXAMPLE_PASSWORD", "")
        if not password:
            raise CommandError("Set the environment variable EXAMPLE_PASSWORD.")
        for name in options["names"]:
            self._create(name, password, admin=False)
        if options["admin"]:
            self._create(options["admin"], password, admin=True)
        if options["machine"]:
            self._create_machine(options["machine"])

    def _create(self, name: str, password: str, *, admin: bool) -> None:
        users = get_user_model()._default_manager
        user, _ = users.get_or_create(username=name)
        user.is_staff = user.is_superuser = admin
        user.set_password(password)
        user.save()

    def _create_machine(self, name: str) -> None:
        """Create a user without a password, who may remind the owners of todos."""
        user, created = get_user_model()._default_manager.get_or_create(username=name)
        if created:
            user.set_unusable_password()
            user.save()
        user.user_permissions.add(Permission.objects.get(codename="change_todo"))
