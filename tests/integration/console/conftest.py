"""Browsers of users with some or all permissions."""

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
def browser_of(make_user: MakeUser) -> BrowserOf:
    """Return a function that logs in a member of the staff with some permissions."""

    def browser_of(*permissions: str, is_staff: bool = True, username: str = "operator") -> Client:
        user = make_user(username, is_staff=is_staff)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        browser = Client()
        browser.force_login(user)
        return browser

    return browser_of
