"""Schemathesis sends requests to the API and checks the responses against the document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck
from pytest_django import Settings
from rest_framework.authtoken.models import Token

from example.todos.models import Todo
from tests.conftest import MakeDelivery, MakeEvent
from tests.integration.openapi.conformance import KEYS, configuration, schema_of_urls
from tests.integration.openapi.kinds import KINDS, KindsViewSet
from tests.integration.outbox.test_records import POSSIBLE

pytestmark = pytest.mark.django_db

ERROR = {"at": "2026-05-01T12:00:00+00:00", "attempt": 1, "kind": "unavailable", "message": "No."}
"""An entry of `Delivery.errors`, as the relay writes it."""

URLS_OF_KINDS = KindsViewSet.__module__

example = schemathesis.openapi.from_wsgi("/api/schema/", WSGIHandler(), config=configuration())
kinds = schema_of_urls(URLS_OF_KINDS, OAS_VERSION="3.1.0")

keeping_fixtures = hypothesis.settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def _one_connection(db: None) -> Iterator[None]:
    """Keep the connection, whose transaction is the test's, from one request to the next."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def headers(
    _one_connection: None, make_event: MakeEvent, make_delivery: MakeDelivery
) -> dict[str, str]:
    """Headers of a superuser who owns todos and may read all events."""
    ann = User.objects.create_user("ann", is_staff=True, is_superuser=True)
    bob = User.objects.create_user("bob")
    Todo.objects.bulk_create(
        Todo(pk=key, title=f"Todo {key}", owner=owner)
        for key, owner in zip(KEYS, [ann, ann, ann, bob], strict=True)
    )
    for fields in POSSIBLE.values():
        event = make_event(actor_id="1", actor_label="ann", recipients=["user:1"], extra={"a": 1})
        make_delivery(event=event, **{**fields, "errors": [ERROR]})
    make_event(object_id=None, parent=event, idempotency_key="one", response_data=["any"])
    return {"Authorization": f"Token {Token.objects.create(user=ann)}"}


@example.parametrize()
@keeping_fixtures
def test_the_example_keeps_to_its_document(
    case: schemathesis.Case[Any], headers: dict[str, str]
) -> None:
    case.call_and_validate(headers=headers)


def runs_no_action(context: Any) -> bool:
    """Return whether an operation does not run an action."""
    operation = context.operation
    return operation.method != "post" or "/actions/" not in operation.path


@example.exclude(runs_no_action).parametrize()
@keeping_fixtures
def test_errors_keep_to_the_document_as_problem_details(
    case: schemathesis.Case[Any], headers: dict[str, str]
) -> None:
    case.call_and_validate(headers={**headers, "Accept": "application/problem+json"})


def is_no_kind(context: Any) -> bool:
    """Return whether an operation runs none of the KINDS."""
    return context.operation.path.split("/")[-2] not in KINDS


@kinds.exclude(is_no_kind).parametrize()
@keeping_fixtures
def test_each_kind_of_action_keeps_to_its_document(
    case: schemathesis.Case[Any], headers: dict[str, str], settings: Settings
) -> None:
    settings.ROOT_URLCONF = URLS_OF_KINDS
    case.call_and_validate(headers=headers)
