"""Who may read events: as in the admin, staff with the permission to view them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission

from tests.conftest import ClientOf, MakeEvent, MakeUser

pytestmark = pytest.mark.django_db

LIST = "/api/action-events/"
NEEDED = ("view_actionevent", "view_delivery")


@pytest.mark.parametrize(
    ("fields", "permissions", "status"),
    [
        ({"is_staff": True}, NEEDED, 200),
        ({"is_staff": True}, (), 403),
        ({"is_staff": True}, ("view_delivery",), 403),
        # The API shows an event with its deliveries.
        ({"is_staff": True}, ("view_actionevent",), 403),
        ({}, NEEDED, 403),
        ({"is_staff": True, "is_superuser": True}, (), 200),
    ],
)
def test_staff_who_may_view_events_and_deliveries(
    client_of: ClientOf,
    make_user: MakeUser,
    make_event: MakeEvent,
    fields: dict[str, Any],
    permissions: tuple[str, ...],
    status: int,
) -> None:
    user = make_user("eve", **fields)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    paths = ("", f"{make_event().pk}/", "actions/list/", "actions/archive_actions/schema/")
    answers = [client_of(user).get(f"{LIST}{path}") for path in paths]

    assert [answer.status_code for answer in answers] == [status] * len(paths)
    if status == 403 and fields:
        assert "dj_actions.view_actionevent" in answers[0].json()["detail"]


def test_to_view_is_not_to_archive(client_of: ClientOf, make_user: MakeUser) -> None:
    user = make_user("eve", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=NEEDED))

    assert client_of(user).post(f"{LIST}actions/archive_actions/").status_code == 403


def test_a_client_that_nothing_identifies_has_to_log_in(client_of: ClientOf) -> None:
    assert client_of(None).get(LIST).status_code == 401
