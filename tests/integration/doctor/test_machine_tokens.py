"""The doctor finds tokens that expire soon, and those that name what does not exist."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from dj_actions.doctor import State
from dj_actions.doctor.machine_tokens import check_machine_tokens
from dj_actions.models import MachineToken
from dj_actions.operations import revoke_machine_token, rotate_machine_token
from tests.fixtures.machine_tokens import MakeToken
from tests.integration.doctor.conftest import messages, only

pytestmark = pytest.mark.django_db

DAY = 86_400.0


def test_without_tokens_all_is_well() -> None:
    assert messages(check_machine_tokens()) == [(State.OK, "0 machine tokens are active.")]


def test_a_token_that_expires_soon_is_a_warning(make_token: MakeToken, ann: User) -> None:
    make_token("todo.*", lifetime=6 * DAY)
    finding = only(check_machine_tokens())
    assert finding.state is State.WARNING
    assert finding.message == "The machine token 'airflow' expires within 7 days."
    assert "machine_token rotate airflow" in finding.fix

    rotate_machine_token("airflow", overlap=DAY, lifetime=90 * DAY, actor=ann)
    assert only(check_machine_tokens()).message == "2 machine tokens are active."


def test_a_pattern_whose_action_is_gone_is_a_warning(make_token: MakeToken, ann: User) -> None:
    make_token("todo.*")
    MachineToken.objects.update(actions=["todo.*", "todo.gone", "gone.*"])
    finding = only(check_machine_tokens())
    assert finding.state is State.WARNING
    assert finding.message.endswith("names actions that do not exist: todo.gone, gone.*.")

    revoke_machine_token("airflow", actor=ann, reason="over")
    assert only(check_machine_tokens()).state is State.OK
