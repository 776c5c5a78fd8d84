"""The admin page of machine tokens shows no secret, and revokes with a reason."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from dj_actions.admin.confirmation import CONFIRMED
from dj_actions.models import ActionEvent, MachineToken
from dj_actions.operations import NewMachineToken
from tests.conftest import MakeUser
from tests.fixtures.machine_tokens import MakeToken

pytestmark = pytest.mark.django_db

URL = "/admin/dj_actions/machinetoken/"


@pytest.fixture
def new(make_token: MakeToken) -> NewMachineToken:
    return make_token("todo.mark_done")


def revoke(browser: Client, new: NewMachineToken, **fields: str) -> Any:
    return browser.post(URL, {"action": "revoke", "_selected_action": [new.token.pk], **fields})


def test_the_pages_show_a_token_without_its_secret(browser: Client, new: NewMachineToken) -> None:
    for url in (URL, f"{URL}?q=airflow", f"{URL}{new.token.pk}/change/"):
        page = browser.get(url).content.decode()
        assert new.token.prefix in page
        assert new.secret not in page
        assert new.token.digest not in page
    assert "todo.mark_done" in browser.get(URL).content.decode()


def test_tokens_are_not_made_changed_or_deleted_here(browser: Client, new: NewMachineToken) -> None:
    one = f"{URL}{new.token.pk}/"
    assert browser.get(f"{URL}add/").status_code == 403
    assert browser.post(f"{one}change/", {"actions": "[]"}).status_code == 403
    assert browser.post(f"{one}delete/", {"post": "yes"}).status_code == 403
    assert MachineToken.objects.get().actions == ["todo.mark_done"]


def test_a_token_is_revoked_with_a_reason(browser: Client, new: NewMachineToken) -> None:
    assert 'name="reason"' in revoke(browser, new).content.decode()
    assert MachineToken.objects.get().revoked_at is None
    revoke(browser, new, reason="a leak", **{CONFIRMED: "Run"})

    assert MachineToken.objects.get().revoked_at is not None
    event = ActionEvent.objects.get(action="revoke")
    assert (event.actor_label, event.request_data["reason"]) == ("admin", "a leak")


def test_to_view_is_not_to_revoke(
    client: Client, make_user: MakeUser, new: NewMachineToken
) -> None:
    clerk = make_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename="view_machinetoken"))
    client.force_login(clerk)
    assert client.get(URL).status_code == 200
    revoke(client, new, reason="a leak", **{CONFIRMED: "Run"})

    assert MachineToken.objects.get().revoked_at is None


def test_staff_without_the_permission_see_nothing(
    client: Client, make_user: MakeUser, new: NewMachineToken
) -> None:
    client.force_login(make_user("clerk", is_staff=True))

    assert client.get(URL).status_code == 403
