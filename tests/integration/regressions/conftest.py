"""Forms that are offered as actions, and a viewset of other models than todos."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any, Protocol

import pytest
from django import forms
from django.urls import URLPattern, URLResolver
from pytest_django import Settings

from dj_actions.declaration.definition import ActionDefinition
from dj_actions.registry import registry
from dj_actions.util import ACTION_TYPE
from tests.conftest import Serve


class Offer(Protocol):
    """Offers a form as the action `poke` at `/things/`, and returns the action."""

    def __call__(
        self, form: type[forms.BaseForm], /, *, bulk: bool = ..., **definition: Any
    ) -> ActionDefinition: ...


class Route(Protocol):
    """Makes these the URLs of the project."""

    def __call__(self, *urls: URLPattern | URLResolver) -> None: ...


@pytest.fixture
def offer(serve: Serve) -> Iterator[Offer]:
    offered: list[ActionDefinition] = []

    def offer(
        form: type[forms.BaseForm], /, *, bulk: bool = False, **definition: Any
    ) -> ActionDefinition:
        kind = ACTION_TYPE.BULK if bulk else ACTION_TYPE.INSTANCE
        entry = {"id": "poke", "type": kind.value, "form": form, **definition}
        serve(action_registry={"resource": "thing", "actions": {"poke": entry}})
        offered.append(registry.get("thing", "poke"))
        return offered[-1]

    yield offer
    for entry in offered:
        registry.remove(entry)


@pytest.fixture
def route(settings: Settings) -> Route:
    def route(*urls: URLPattern | URLResolver) -> None:
        module: Any = ModuleType("urls_of_a_regression")
        module.urlpatterns = list(urls)
        settings.ROOT_URLCONF = module

    return route
