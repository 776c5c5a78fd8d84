"""Machine tokens are created, rotated with an overlap, and revoked; each is recorded."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from pytest_django import Settings

from dj_actions.exceptions import InvalidAction
from dj_actions.machine_tokens.secret import digest_of
from dj_actions.models import ActionEvent, MachineToken
from dj_actions.operations import (
    create_machine_token,
    revoke_machine_token,
    rotate_machine_token,
)
from tests.fixtures.machine_tokens import MakeToken

pytestmark = pytest.mark.django_db

HOUR = 3600.0


def recorded() -> list[ActionEvent]:
    return list(ActionEvent.objects.filter(resource="machinetoken").order_by("pk"))


def states() -> list[str]:
    return [token.state for token in MachineToken.objects.with_state().order_by("pk")]


def remaining(token: MachineToken) -> float | None:
    """Return the hours until a token expires."""
    now = MachineToken.objects.annotate(now=Now()).values_list("now", flat=True)[0]
    return (token.expires_at - now) / timedelta(hours=1) if token.expires_at else None


def test_a_token_is_stored_without_its_secret(make_token: MakeToken, ann: User, bob: User) -> None:
    new = make_token("todo.mark_done", owner=ann, actor=bob, lifetime=2 * HOUR)
    stored = MachineToken.objects.values().get()

    assert new.secret not in str(stored)
    assert new.secret not in repr(new)
    assert stored["digest"] == digest_of(new.secret)
    assert (stored["prefix"], stored["actions"]) == (new.secret[:12], ["todo.mark_done"])
    assert (stored["owner_id"], stored["created_by"]) == (ann.pk, "bob")
    assert remaining(new.token) == pytest.approx(2, abs=0.02)
    assert str(new.token) == f"airflow ({new.secret[:12]}…)"


def test_all_is_recorded(make_token: MakeToken, ann: User) -> None:
    first = make_token("todo.*", actor=ann)
    second = rotate_machine_token("airflow", overlap=HOUR, lifetime=None, actor=ann)
    revoke_machine_token("airflow", actor=ann, reason=" a leak ")
    events = recorded()

    assert [event.action for event in events] == ["create", "rotate", "revoke", "revoke"]
    assert {event.actor_label for event in events} == {"ann"}
    prefixes = [first.token.prefix, second.token.prefix]
    assert [event.object_id for event in events] == [*prefixes, *prefixes]
    assert events[0].request_data == {
        "name": "airflow", "actions": ["todo.*"], "expires_at": None, "owner": "ann"
    }  # fmt: skip
    assert events[1].request_data["replaces"] == [first.token.prefix]
    assert events[2].request_data["reason"] == "a leak"
    for secret in (first.secret, second.secret):
        assert not any(secret in str(vars(event)) for event in events)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "is not a name"),
        ({"name": "x" * 101}, "is not a name"),
        ({"name": "a\nb"}, "is not a name"),
        ({"name": "a\0"}, "is not a name"),
        ({"name": " a"}, "is not a name"),
        ({"name": "dja_x"}, "is not a name"),
        ({"lifetime": 0}, "above zero"),
        ({"lifetime": -1}, "above zero"),
        ({"actions": ["todo.mark_dome"]}, "Did you mean 'todo.mark_done'?"),
        ({"actions": []}, "List the actions"),
    ],
)
def test_a_wrong_value_is_refused(ann: User, change: dict[str, Any], said: str) -> None:
    values: dict[str, Any] = {"name": "airflow", "actions": ["todo.*"], "lifetime": None}
    values |= change
    with pytest.raises(InvalidAction) as refused:
        create_machine_token(values.pop("name"), owner=ann, actor=None, **values)

    assert said in str(refused.value)
    assert not MachineToken.objects.exists()
    assert not recorded()


def test_an_inactive_user_owns_no_token(make_token: MakeToken, ann: User) -> None:
    ann.is_active = False
    with pytest.raises(InvalidAction, match="'ann' is inactive"):
        make_token("todo.*")


def test_the_recorded_end_has_its_zone_without_use_tz(
    make_token: MakeToken, settings: Settings
) -> None:
    settings.USE_TZ = False
    make_token("todo.mark_done", lifetime=HOUR)
    (event,) = recorded()

    assert datetime.fromisoformat(event.request_data["expires_at"]).tzinfo is not None


def test_a_name_is_free_again_when_its_token_has_ended(make_token: MakeToken, ann: User) -> None:
    make_token("todo.*", lifetime=HOUR)
    with pytest.raises(InvalidAction, match="already"):
        make_token("todo.*")
    revoke_machine_token("airflow", actor=ann, reason="over")
    make_token("todo.*", lifetime=HOUR)
    MachineToken.objects.update(expires_at=Now() - timedelta(seconds=1))

    assert make_token("todo.*").token.name == "airflow"


def test_a_rotation_keeps_all_but_the_secret(make_token: MakeToken, ann: User, bob: User) -> None:
    old = make_token("todo.mark_done", owner=bob).token
    new = rotate_machine_token(old.prefix, overlap=2 * HOUR, lifetime=10 * HOUR, actor=ann).token
    old.refresh_from_db()

    assert (new.name, new.owner, new.actions) == (old.name, bob, ["todo.mark_done"])
    assert new.digest != old.digest
    assert remaining(new) == pytest.approx(10, abs=0.02)
    assert remaining(old) == pytest.approx(2, abs=0.02)
    assert states() == ["active", "active"]


def test_a_rotation_prolongs_nothing(make_token: MakeToken, ann: User) -> None:
    old = make_token("todo.*", lifetime=HOUR).token
    rotate_machine_token("airflow", overlap=9 * HOUR, lifetime=None, actor=ann)
    old.refresh_from_db()

    assert remaining(old) == pytest.approx(1, abs=0.02)


def test_without_an_overlap_the_old_secret_ends_at_once(make_token: MakeToken, ann: User) -> None:
    make_token("todo.*")
    rotate_machine_token("airflow", overlap=0, lifetime=None, actor=ann)

    assert states() == ["expired", "active"]


@pytest.mark.parametrize("name", ["other", "dja_unknown0", ""])
def test_an_unknown_token_is_named(make_token: MakeToken, ann: User, name: str) -> None:
    make_token("todo.*")
    for call in (
        lambda: rotate_machine_token(name, overlap=1, lifetime=None, actor=ann),
        lambda: revoke_machine_token(name, actor=ann, reason="x"),
    ):
        with pytest.raises(InvalidAction, match="There is no active machine token"):
            call()


def test_an_error_does_not_repeat_a_secret(make_token: MakeToken, ann: User) -> None:
    secret = make_token("todo.*").secret
    with pytest.raises(InvalidAction) as refused:
        revoke_machine_token(secret, actor=ann, reason="x")

    assert secret not in str(refused.value)


def test_a_revoked_token_cannot_be_rotated(make_token: MakeToken, ann: User) -> None:
    make_token("todo.*")
    revoke_machine_token("airflow", actor=ann, reason="over")
    with pytest.raises(InvalidAction, match="no active machine token"):
        rotate_machine_token("airflow", overlap=1, lifetime=None, actor=ann)


def test_one_secret_of_a_name_is_revoked_by_its_prefix(make_token: MakeToken, ann: User) -> None:
    old = make_token("todo.*").token
    rotate_machine_token("airflow", overlap=HOUR, lifetime=None, actor=ann)
    result = revoke_machine_token(old.prefix, actor=ann, reason="seen in a log")

    assert list(result.ids) == [old.prefix]
    assert states() == ["revoked", "active"]
    assert revoke_machine_token(old.prefix, actor=ann, reason="again").count == 0


def test_a_revocation_is_previewed_and_needs_a_reason(make_token: MakeToken, ann: User) -> None:
    prefix = make_token("todo.*").token.prefix
    preview = revoke_machine_token("airflow", actor=ann, reason="", dry_run=True)
    with pytest.raises(InvalidAction, match="reason"):
        revoke_machine_token("airflow", actor=ann, reason=" ")

    assert (list(preview.ids), preview.dry_run) == ([prefix], True)
    assert states() == ["active"]
