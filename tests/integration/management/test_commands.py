"""Errors in the arguments or the outcome of a command are reported as CommandError."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.http import Http404

from dj_actions.models import ActionEvent
from example.todos.models import Todo
from tests.conftest import Declare, MakeDelivery, MakeEvent

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("error", "status"), [(Http404("Gone."), 404), (PermissionDenied("No."), 403)]
)
def test_an_exception_of_django_is_reported_with_its_status(
    declare: Declare, todo: Todo, error: Exception, status: int
) -> None:
    def perform(*_: Any) -> None:
        raise error

    declare(perform)
    with pytest.raises(CommandError, match=f"status {status}"):
        call_command("run_action", "todo", "poke", "--pk", todo.pk)

    assert ActionEvent.objects.get().status_code == status


def test_an_inactive_user_cannot_act(declare: Declare, todo: Todo, ann: User) -> None:
    ann.is_active = False
    ann.save()
    declare()

    with pytest.raises(CommandError, match="ann"):
        call_command("run_action", "todo", "poke", "--pk", todo.pk, "--as", "ann")
    assert not ActionEvent.objects.succeeded().exists()


@pytest.mark.parametrize("minutes", ["nan", "inf", "-inf", "1e18"])
def test_an_age_that_is_none_is_refused(minutes: str) -> None:
    with pytest.raises(CommandError, match="--older-than-minutes"):
        call_command("archive_actions", f"--older-than-minutes={minutes}", "--dry-run")


def test_a_child_event_keeps_the_id_of_its_archived_parent(
    make_event: MakeEvent, make_delivery: MakeDelivery
) -> None:
    whole = make_event()
    part = make_event(parent=whole)
    make_delivery(event=part)
    ActionEvent.objects.update(created_at=datetime.now(UTC) - timedelta(days=3))
    call_command("archive_actions")

    part.refresh_from_db()
    assert not ActionEvent.objects.filter(pk=whole.pk).exists()
    assert part.parent_id == whole.pk
