"""How a test makes an object of a model: the statements, as one would write them by hand."""

from __future__ import annotations

import builtins
import inspect
import keyword
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from inspect import Parameter
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.utils.text import camel_case_to_spaces

from dj_actions.scaffolding.source import Names, call
from dj_actions.scaffolding.values import ModelField, example

ACTOR = "self.actor"
"""Whoever acts, in the generated tests; related users are this one."""

INDENT = 2
"""The statements stand in a method of a class."""

IMPORTED = frozenset({"date", "time", "timedelta", "timezone", "uuid"})
"""What the values may need: no variable is called so."""


@dataclass(slots=True)
class Recipe:
    """The statements that make an actor, and objects to act on."""

    names: Names
    """Names of the module that the statements go into."""

    statements: list[str] = field(default_factory=list)
    """One assignment each."""

    unknown: list[str] = field(default_factory=list)
    """Required fields for which no value is known."""

    related: dict[type[models.Model], str] = field(default_factory=dict)
    """What has been made already → the expression for it."""

    stack: list[type[models.Model]] = field(default_factory=list)
    """What is being made: an object that needs itself cannot be."""

    def make_actor(self) -> None:
        """Write who acts: a superuser, whom no permission of the viewset keeps out."""
        user_model = get_user_model()
        manager = user_model._default_manager
        head = f"{self.names.use('django.contrib.auth', 'get_user_model')}().{manager.name}"
        create = getattr(manager, "create_superuser", None)
        if create is None:
            self.make(user_model, ACTOR)
        else:
            arguments = [f"{name}={self._actors(name)}" for name in _asked_for(create, user_model)]
            head = f"{ACTOR} = {head}.create_superuser"
            self.statements.append(call(head, arguments, indent=INDENT))
        self.related[user_model] = ACTOR

    def make(self, model: type[models.Model], target: str, *, number: int = 0) -> None:
        """Write the statement that makes an object, after those for what it needs.

        Args:
            model: its class.
            target: what it is assigned to.
            number: another one for each number from 1; 0 if it is the only one.
        """
        self.stack.append(model)
        arguments = [
            f"{entry.name}={value}"
            for entry in required_fields(model)
            if (value := self._value(entry, number if _is_unique(entry) else 0)) is not None
        ]
        self.stack.pop()
        manager = f"{import_model(model, self.names)}.{model._default_manager.name}"
        self.statements.append(call(f"{target} = {manager}.create", arguments, indent=INDENT))

    def _actors(self, name: str) -> str | None:
        """Return a value of the actor's, which an object of the same model does not have."""
        if name == "password":
            return "None"  # which no login fits
        entry: Any = get_user_model()._meta.get_field(name)
        if isinstance(entry, models.EmailField):
            return '"admin@example.com"'
        return '"admin"' if type(entry) is models.CharField else self._value(entry, 0)

    def _value(self, entry: ModelField, number: int) -> str | None:
        value = (
            self._related(entry, number)
            if isinstance(entry, models.ForeignKey)
            else example(entry, number, self.names)
        )
        if value is None and str(entry) not in self.unknown:
            self.unknown.append(str(entry))
        return value

    def _related(self, entry: models.ForeignKey[Any, Any], number: int) -> str | None:
        model = entry.related_model
        if model._meta.label == "contenttypes.ContentType":
            acted_on = import_model(self.stack[0], self.names)
            return f"{import_model(model, self.names)}.objects.get_for_model({acted_on})"
        if model in self.related and number <= 1:
            return self.related[model]
        if model in self.stack:
            return None
        variable = _variable(f"{entry.name}_{number}" if number > 1 else entry.name)
        while variable in self.related.values():
            variable += "_"
        self.make(model, variable, number=number)
        return self.related.setdefault(model, variable) if number <= 1 else variable


def required_fields(model: type[models.Model]) -> Iterator[ModelField]:
    """Yield the fields that have to be given a value when an object is made."""
    for entry in model._meta.concrete_fields:
        if not _fills_itself(entry) and not _may_be_empty(entry):
            yield entry


def _fills_itself(entry: ModelField) -> bool:
    is_parent_link = bool(entry.remote_field and getattr(entry.remote_field, "parent_link", False))
    return (
        isinstance(entry, (models.AutoField, models.OrderWrt))
        or entry.generated
        or entry.has_default()
        or entry.has_db_default()
        or is_parent_link
        or getattr(entry, "auto_now", False)
        or getattr(entry, "auto_now_add", False)
    )


def _may_be_empty(entry: ModelField) -> bool:
    blank = entry.blank and entry.empty_strings_allowed and not _is_unique(entry)
    return entry.null or blank


def _is_unique(entry: ModelField) -> bool:
    """Tell whether two objects need different values, alone or together with other fields."""
    return entry.unique or any(entry.name in names for names in _together(entry.model._meta))


def _together(options: Any) -> Iterator[Iterable[str]]:
    """Yield the names of the fields in each rule of uniqueness."""
    yield from options.unique_together
    for rule in options.constraints:
        if isinstance(rule, models.UniqueConstraint):
            expressions: Iterable[Any] = rule.expressions
            yield (*rule.fields, *(name for entry in expressions for name in _names_in(entry)))


def _names_in(expression: Any) -> Iterator[str]:
    if type(expression) is models.F:
        yield expression.name  # type: ignore[attr-defined]  # which its stub lacks
    for part in getattr(expression, "get_source_expressions", list)():
        yield from _names_in(part)


def import_model(model: type[models.Model], names: Names) -> str:
    """Import a model, from its app's `models` if it is there, and return its name."""
    module = apps.get_app_config(model._meta.app_label).models_module
    is_there = module and getattr(module, model.__name__, None) is model
    return names.use(module.__name__ if module and is_there else model.__module__, model.__name__)


def variable_for(model: type[models.Model], taken: Container[str]) -> str:
    """Return what an object of the model is called in code, `todo_item` for TodoItem."""
    name = _variable(camel_case_to_spaces(model.__name__).replace(" ", "_"))
    return f"{name}_object" if name in taken else name


def _variable(name: str) -> str:
    is_taken = keyword.iskeyword(name) or hasattr(builtins, name) or name in IMPORTED
    return f"{name}_object" if is_taken else name


def _asked_for(create: Callable[..., Any], user_model: Any) -> list[str]:
    """Return what `manage.py createsuperuser` gives, without what may be left out."""
    parameters = inspect.signature(create).parameters
    required = [name for name, entry in parameters.items() if entry.default is Parameter.empty]
    asked = [name for name in user_model.REQUIRED_FIELDS if name not in parameters]
    asked += [name for name in (*user_model.REQUIRED_FIELDS, "password") if name in required]
    return [user_model.USERNAME_FIELD, *asked]
