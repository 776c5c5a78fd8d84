"""An action of each kind, and the URLs that serve them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import pydantic
from django import forms
from rest_framework import serializers
from rest_framework.routers import DefaultRouter
from rest_framework.viewsets import ModelViewSet

from dj_actions.action import Action, register
from dj_actions.context import ActionContext
from dj_actions.mixins import ActionMixin
from dj_actions.registry import registry
from example.todos.actions import IsOwner, TooManyTodos
from example.todos.models import Todo
from example.todos.serializers import TodoSerializer
from example.todos.views import TodoViewSet

TodoViewSet.attach_actions()  # before the actions below are registered, which it must not have


class SerializerInput(serializers.Serializer[Any]):
    due = serializers.DateField(required=False)
    mood = serializers.ChoiceField(choices=["happy", "sad"])
    todo = serializers.PrimaryKeyRelatedField(queryset=Todo.objects.all(), required=False)
    tags = serializers.ListField(child=serializers.CharField(max_length=5), required=False)


class FormInput(forms.Form):
    at = forms.DateTimeField(required=False)
    price = forms.DecimalField(max_digits=5, decimal_places=2, required=False)
    mood = forms.ChoiceField(choices=[("happy", "Happy"), ("sad", "Sad")])
    loud = forms.BooleanField(required=False)
    more = forms.JSONField(required=False)


@dataclass
class Step:
    title: str
    after: int | None = None


@dataclass
class DataclassInput:
    steps: list[Step]
    start: date
    price: Decimal = Decimal(0)


class Place(pydantic.BaseModel):
    kind: Literal["place"]
    at: tuple[float, float]


class Person(pydantic.BaseModel):
    kind: Literal["person"]
    name: str = pydantic.Field(min_length=2)


class PydanticInput(pydantic.BaseModel):
    target: Place | Person = pydantic.Field(discriminator="kind")
    times: int = pydantic.Field(1, gt=0, lt=10)


SCHEMA_INPUT = {
    "type": "object",
    "properties": {
        "size": {"type": ["integer", "string"]},
        "next": {"$ref": "#/properties/size"},
        "mail": {"type": "string", "format": "email"},
    },
    "required": ["size"],
    "additionalProperties": False,
}


class Receipt(serializers.Serializer[Any]):
    """The result of some of the kinds."""

    total = serializers.IntegerField(allow_null=True)


def finish(context: ActionContext, _data: dict[str, Any]) -> None:
    """Finish the todo, or raise an error for one of them."""
    todo: Todo = context.object
    if todo.pk == -1:
        raise TooManyTodos("There are too many.")
    todo.done = True
    todo.note = f"{todo.note[:9]}."
    todo.save()
    context.meta["noted"] = len(todo.note)
    context.emit(summary="finished")


def fetch(_context: ActionContext, _data: dict[str, Any]) -> list[Any]:
    """Return plain JSON."""
    return ["any", {"thing": None}, 1.5]


def count(_context: ActionContext, data: dict[str, Any]) -> dict[str, Any]:
    """Return a result for the serializer."""
    return {"total": len(data) or None}


KINDS: dict[str, dict[str, Any]] = {
    "without_input": {"perform": finish},
    "of_serializer": {"perform": finish, "input": SerializerInput},
    "of_form": {"perform": finish, "input": FormInput},
    "of_dataclass": {"perform": count, "input": DataclassInput, "output": Receipt},
    "of_pydantic": {"perform": count, "input": PydanticInput, "output": Receipt},
    "of_schema": {"perform": fetch, "input": SCHEMA_INPUT, "output": False},
    "of_version": {"perform": finish, "version_field": "note", "version_required": True},
    "rarely": {"perform": finish, "throttles": ["3/min"]},
    "all_or_nothing": {"perform": fetch, "bulk": True, "output": False, "max_items": 3},
    "each": {"perform": finish, "bulk": True, "partial": True, "permissions": [IsOwner]},
    "anywhere": {"perform": fetch, "bulk": True, "requires_objects": False, "output": False},
}
"""Name → attributes of the action, and its `perform`."""


def action_of(name: str, perform: Any, **attributes: Any) -> type[Action]:
    """Return an action that has not been registered."""
    methods = {"perform": lambda _self, context, data: perform(context, data)}
    return type(name, (Action,), {"model": Todo, "name": name, **methods, **attributes})


# Registered for this viewset only, and removed again below.
definitions = [register(action_of(name, **given)).definition for name, given in KINDS.items()]


class KindsViewSet(ActionMixin, ModelViewSet[Todo]):
    """Todos, with an action of each kind."""

    queryset = Todo.objects.all()
    serializer_class = TodoSerializer


for definition in definitions:
    registry.remove(definition)

router = DefaultRouter()
router.register("kinds", KindsViewSet)
urlpatterns = router.urls
