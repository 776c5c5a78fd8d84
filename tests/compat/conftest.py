"""The accounts, a client who calls their actions, and actions to throw away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml
from django import forms
from django.contrib.auth.models import User
from rest_framework.permissions import AllowAny
from rest_framework.test import APIClient

from dj_actions.registry import registry
from dj_actions.util import ACTION_TYPE, STATUS, enrich_actions
from tests.compat.accounts.serializers import AccountSerializer
from tests.compat.accounts.views import AccountViewSet
from tests.compat.calls import ANN, make_accounts
from tests.compat.project import Project
from tests.conftest import ClientOf, Serve

WriteDefinition = Callable[..., Path]

RESOURCES = frozenset({AccountViewSet.action_registry["resource"], "thing"})
"""What the actions of these tests act on."""


def forget_actions() -> None:
    """Take the actions of these tests out of the registry; their viewsets keep them."""
    for definition in registry:
        if definition.resource in RESOURCES:
            registry.remove(definition)


# The viewset has registered its actions when it was imported.
forget_actions()


class Offer(Protocol):
    """Offers a form as the action `poke` at `/things/`, and returns the action's URL."""

    def __call__(
        self, form: type[forms.BaseForm], /, *, bulk: bool = ..., **definition: Any
    ) -> str: ...


@pytest.fixture
def caller(db: None) -> User:
    """Ann, who has an account, as bob has."""
    return make_accounts()


@pytest.fixture
def client(client_of: ClientOf, caller: User) -> APIClient:
    """A client of the caller's."""
    return client_of(caller)


@pytest.fixture
def write_definition(tmp_path: Path) -> WriteDefinition:
    """Return a function that writes an action's definition.yaml, and returns the base."""

    def write(place: str = "poke/definition.yaml", **content: Any) -> Path:
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture(autouse=True)
def _forget_actions() -> Iterator[None]:
    """Forget the actions of these tests: others read all that are registered."""
    yield
    forget_actions()


@pytest.fixture
def offer(write_definition: WriteDefinition, serve: Serve) -> Offer:
    def offer(form: type[forms.BaseForm], /, *, bulk: bool = False, **definition: Any) -> str:
        path = f"{form.__module__}.{form.__qualname__}"
        base = write_definition(**({"form": path} | definition))
        kind = ACTION_TYPE.BULK if bulk else ACTION_TYPE.INSTANCE
        serve(
            queryset=User.objects.all(),
            serializer_class=AccountSerializer,
            permission_classes=[AllowAny],
            action_registry=enrich_actions(
                base,
                {"resource": "thing", "basepath": "/things/", "actions": {}},
                [("poke", kind.value, STATUS.ALPHA.value)],
            ),
        )
        return "/things/actions/poke/" if bulk else f"/things/{ANN}/actions/poke/"

    return offer


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project in a folder of its own."""
    return Project.start(tmp_path)
