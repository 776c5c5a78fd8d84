"""Browsers in which somebody who may use the admin is logged in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from tests.conftest import MakeUser

BrowserOf = Callable[..., Client]


@pytest.fixture
def browser(client: Client, admin: User) -> Client:
    """A browser in which a superuser is logged in."""
    client.force_login(admin)
    return client


@pytest.fixture
def browser_of(client: Client, make_user: MakeUser) -> BrowserOf:
    """Return a function that logs in a member of the staff with some permissions."""

    def browser_of(*codenames: str) -> Client:
        user = make_user("clerk", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        client.force_login(user)
        return client

    return browser_of
