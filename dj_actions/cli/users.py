"""The user given by `--as`, who runs an operation."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError


def add_actor(parser: ArgumentParser) -> None:
    """Add the option `--as`; its value is the option `username`."""
    parser.add_argument(
        "--as",
        dest="username",
        metavar="USER",
        help="name of the user who does this; recorded (default: the system itself)",
    )


def user_named(username: str | None) -> Any:
    """Return the user with a username; None, the system itself, without one.

    Raises:
        CommandError: there is no such user, or the user is inactive.
    """
    if username is None:
        return None
    users = get_user_model()
    try:
        user = users._default_manager.get_by_natural_key(username)
    except users.DoesNotExist:
        raise CommandError(f"There is no user {username!r}.") from None
    if not user.is_active:
        raise CommandError(f"The user {username!r} is inactive. Use --as with an active user.")
    return user
