"""People whom a command line names."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError


def user_named(username: str | None) -> Any:
    """Return the user who acts; None, the system itself, if no name is given.

    Raises:
        CommandError: there is no such user, or nobody acts in that name.
    """
    if username is None:
        return None
    users = get_user_model()
    try:
        user = users._default_manager.get_by_natural_key(username)
    except users.DoesNotExist:
        raise CommandError(f"There is no user {username!r}.") from None
    if not user.is_active:
        raise CommandError(f"The user {username!r} is deactivated: nobody acts in that name.")
    return user
