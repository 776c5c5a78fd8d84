"""The statements with which a generated test creates the objects that it needs."""

from __future__ import annotations

import builtins
import keyword
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.utils.text import camel_case_to_spaces

from dj_actions.scaffolding.example_values import ModelField, example_value
from dj_actions.scaffolding.imports import Imports

ACTOR = "self.actor"
"""The user who runs the action; relations to users point to this one."""

MAX_LINE_LENGTH = 80
"""Longest statement that stays on one line."""

RESERVED_VARIABLES = frozenset(
    {*dir(builtins), *keyword.kwlist, "date", "first", "second", "time", "timedelta", "timezone"}
)


@dataclass(slots=True)
class SetUp:
    """The body of a `setUp` method."""

    imports: Imports
    """Imports of the test module; the statements add those that they need."""

    statements: list[str] = field(default_factory=list)
    unknown_fields: list[str] = field(default_factory=list)
    """Required fields for which no example value is known."""

    shared: dict[type[models.Model], str] = field(default_factory=dict)
    """Model → the object that relations to it point to."""

    counts: Counter[str] = field(default_factory=Counter)
    """Variable name of a model → how many of its objects are created."""

    unfinished: list[type[models.Model]] = field(default_factory=list)
    """Models whose values are being collected; their objects cannot be referred to yet."""

    def create_actor(self) -> None:
        """Create a superuser, who passes the permission checks of any viewset."""
        user_model = get_user_model()
        manager = user_model._default_manager
        if hasattr(manager, "create_superuser"):
            # What `manage.py createsuperuser` gives; no login matches the empty password.
            names = [user_model.USERNAME_FIELD, *user_model.REQUIRED_FIELDS]
            fields = [user_model._meta.get_field(name) for name in names]
            self.counts[variable_for(user_model)] += 1
            values = {entry.name: self._value(entry, 1) for entry in fields} | {"password": "None"}
            get_user = self.imports.add("django.contrib.auth", "get_user_model")
            self._assign(ACTOR, f"{get_user}().{manager.name}.create_superuser", values)
        else:
            self.create(user_model, ACTOR)
        self.shared[user_model] = ACTOR

    def create(self, model: type[models.Model], target: str = "") -> str:
        """Create an object, after the objects that it refers to.

        Args:
            model: the object's class.
            target: the expression that it is assigned to; by default, a new variable.

        Returns:
            The target.
        """
        variable = variable_for(model)
        self.counts[variable] += 1
        number = self.counts[variable]
        target = target or (variable if number == 1 else f"{variable}_{number}")
        self.unfinished.append(model)
        values = {entry.name: self._value(entry, number) for entry in required_fields(model)}
        self.unfinished.pop()
        manager = f"{import_model(model, self.imports)}.{model._default_manager.name}"
        self._assign(target, f"{manager}.create", values)
        return target

    def _assign(self, target: str, function: str, values: Mapping[str, str | None]) -> None:
        arguments = [f"{name}={value}" for name, value in values.items() if value is not None]
        statement = f"{target} = {function}({', '.join(arguments)})"
        if len(statement) > MAX_LINE_LENGTH:
            lines = "".join(f"    {argument},\n" for argument in arguments)
            statement = f"{target} = {function}(\n{lines})"
        self.statements.append(statement)

    def _value(self, entry: Any, number: int) -> str | None:
        if isinstance(entry, models.ForeignKey):
            value = self._related_object(entry, number)
        else:
            value = example_value(entry, number, self.imports)
        if value is None and str(entry) not in self.unknown_fields:
            self.unknown_fields.append(str(entry))
        return value

    def _related_object(self, entry: models.ForeignKey[Any, Any], number: int) -> str | None:
        model = entry.related_model
        if model._meta.label == "contenttypes.ContentType":
            subject = import_model(self.unfinished[0], self.imports)
            return f"{import_model(model, self.imports)}.objects.get_for_model({subject})"
        if model in self.shared and (number == 1 or not _is_unique(entry)):
            return self.shared[model]
        if model in self.unfinished:
            return None
        created = self.create(model)
        self.shared.setdefault(model, created)
        return created


def required_fields(model: type[models.Model]) -> Iterator[ModelField]:
    """Yield the fields that need a value when an object is created."""
    for entry in model._meta.concrete_fields:
        is_set_by_django = (
            isinstance(entry, (models.AutoField, models.OrderWrt))
            or entry.generated
            or getattr(entry, "auto_now", False)
            or getattr(entry, "auto_now_add", False)
            or getattr(entry.remote_field, "parent_link", False)
        )
        has_default = entry.has_default() or entry.has_db_default() or entry.null
        can_be_blank = entry.blank and entry.empty_strings_allowed and not _is_unique(entry)
        if not (is_set_by_django or has_default or can_be_blank):
            yield entry


def import_model(model: type[models.Model], imports: Imports) -> str:
    """Import a model, from its app's `models` module if possible, and return its local name."""
    module = apps.get_app_config(model._meta.app_label).models_module
    if module is None or getattr(module, model.__name__, None) is not model:
        return imports.add(model.__module__, model.__name__)
    return imports.add(module.__name__, model.__name__)


def variable_for(model: type[models.Model], reserved: Container[str] = ()) -> str:
    """Return the variable name for an object of the model, for example `todo_item`."""
    name = camel_case_to_spaces(model.__name__).replace(" ", "_")
    return f"{name}_object" if name in reserved or name in RESERVED_VARIABLES else name


def _is_unique(entry: ModelField) -> bool:
    """Return whether the field's values are unique, alone or together with other fields."""
    options = entry.model._meta
    constraints = (
        rule for rule in options.constraints if isinstance(rule, models.UniqueConstraint)
    )
    rules = [*options.unique_together, *(rule.fields for rule in constraints)]
    return entry.unique or any(entry.name in rule for rule in rules)
