"""Operations of publishers and of projects are recorded with all that is known of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from dj_actions.exceptions import InvalidAction
from dj_actions.models import ActionEvent
from dj_actions.operations import record_operation

pytestmark = pytest.mark.django_db


def test_an_operation_is_recorded_with_its_result_and_its_parent(ann: User) -> None:
    first = record_operation("build", "stop", object_ids=["7"], actor=ann, data={"reason": "x"})
    second = record_operation(
        "build",
        "stop_outcome",
        object_ids=["7"],
        actor=None,
        data={},
        result={"state": "stopped"},
        status_code=504,
        summary="It does\0 not respond.",
        parent=first.pk,
    )

    assert (first.object_id, first.status_code, first.response_data) == ("7", 200, None)
    stored = ActionEvent.objects.get(pk=second.pk)
    assert (stored.label, stored.status_code, stored.parent_id) == (
        *("build.stop_outcome", 504),
        first.pk,
    )
    assert stored.response_data == {"state": "stopped"}
    assert stored.summary == "It does\N{REPLACEMENT CHARACTER} not respond."
    assert not stored.succeeded


def test_input_and_result_are_redacted(settings: Settings) -> None:
    settings.DJ_ACTIONS = {**settings.DJ_ACTIONS, "SENSITIVE_FIELDS": ["pin"]}
    event = record_operation(
        "build", "stop", object_ids=["7"], actor=None, data={"pin": 1}, result={"pin": 2}
    )

    assert (event.request_data, event.response_data) == (
        {"pin": "[redacted]"},
        {"pin": "[redacted]"},
    )


@pytest.mark.parametrize("value", ["\0", float("inf"), "\ud800"])
def test_what_cannot_be_stored_is_refused_in_the_input_and_replaced_in_the_result(
    value: Any,
) -> None:
    with pytest.raises(InvalidAction, match=r"build\.stop"):
        record_operation("build", "stop", object_ids=["7"], actor=None, data={"x": value})
    event = record_operation(
        "build", "stop", object_ids=["7"], actor=None, data={}, result={"x": value}
    )

    assert event.response_data == {"not_storable": True}
