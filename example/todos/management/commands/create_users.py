"""manage.py create_users: create the users of the example."""

from __future__ import annotations

import os
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Creates users and an admin; existing users get the new password."""

    help = "Creates users, and an admin, with the password in the variable EXAMPLE_PASSWORD."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("names", nargs="*", help="names of regular users")
        parser.add_argument("--admin", metavar="NAME", help="name of a superuser")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the users."""
        password = os.environ.get("EXAMPLE_PASSWORD", "")
        if not password:
            raise CommandError("Set the environment variable EXAMPLE_PASSWORD.")
        for name in options["names"]:
            self._create(name, password, admin=False)
        if options["admin"]:
            self._create(options["admin"], password, admin=True)

    def _create(self, name: str, password: str, *, admin: bool) -> None:
        users = get_user_model()._default_manager
        user, _ = users.get_or_create(username=name)
        user.is_staff = user.is_superuser = admin
        user.set_password(password)
        user.save()
