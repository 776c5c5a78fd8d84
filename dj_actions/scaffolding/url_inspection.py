"""Inspect the project's URL configuration, so that new actions fit the existing viewsets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.models import Model
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils.text import slugify
from rest_framework.serializers import ALL_FIELDS, HyperlinkedModelSerializer
from rest_framework.viewsets import ModelViewSet

from dj_actions.registry import registry
from dj_actions.rest.viewset import SET_BY_DRF, ActionMixin
from dj_actions.scaffolding.errors import ScaffoldingError


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A URL path, and the viewset that is served there."""

    path: str
    """URL path at which the viewset lists its objects."""

    viewset: type[Any] | None
    """None if there is no viewset yet, or the URL configuration cannot be loaded."""

    model: type[Model]

    def has_registry_of(self, resource: str) -> bool:
        """Return whether the viewset offers the registered actions of a resource."""
        action_registry = getattr(self.viewset, "action_registry", None) or {}
        has_mixin = self.viewset is not None and issubclass(self.viewset, ActionMixin)
        return has_mixin and action_registry.get("resource") == resource

    @property
    def lookup(self) -> str:
        """Attribute of an object that identifies it in URLs."""
        lookup = str(getattr(self.viewset, "lookup_field", "pk"))
        return "pk" if lookup == self.model._meta.pk.name else lookup.replace("__", ".")

    @property
    def response_key(self) -> str:
        """Field of a response that contains an object's primary key; empty if unknown."""
        key = str(_own_key(self.model).name)
        if self.viewset is None:
            return key
        serializer = getattr(self.viewset, "serializer_class", None)
        return next((name for name in (key, "pk") if _shows(serializer, name)), "")

    @property
    def has_numeric_key(self) -> bool:
        """Whether the primary key is a number in JSON."""
        key = self.model._meta.pk
        while isinstance(key, models.ForeignKey):
            key = key.target_field
        return isinstance(key, models.IntegerField)

    def require_free(self, action_id: str) -> None:
        """Refuse the name of an action that is an attribute of the viewset.

        Raises:
            ScaffoldingError: the viewset has such an attribute.
        """
        bases = (self.viewset,) if self.viewset else (ModelViewSet, ActionMixin)
        found = [getattr(base, action_id, None) for base in bases]
        is_other = any(entry is not None and not hasattr(entry, "definition") for entry in found)
        if is_other or action_id in SET_BY_DRF:
            raise ScaffoldingError(
                f"Viewsets have an attribute {action_id!r}, which the action would hide. Choose "
                "another name."
            )


def endpoint_at(path: str, model: type[Model]) -> Endpoint:
    """Return the endpoint that the project's URL configuration has at a path.

    Raises:
        ScaffoldingError: the viewset is for another model.
    """
    viewset = _viewset_at(path)
    queryset = getattr(viewset, "queryset", None)
    other: Any = getattr(viewset, "action_model", None) or getattr(queryset, "model", model)
    if not (issubclass(model, other) or issubclass(other, model)):
        raise ScaffoldingError(
            f"The viewset at {path} serves {other.__name__}, not {model.__name__}. Use the path "
            f"at which objects of {model.__name__} are, or will be, listed."
        )
    return Endpoint(path=path, viewset=viewset, model=model)


def _viewset_at(path: str) -> type[Any] | None:
    try:
        view = resolve(path).func
    except (Resolver404, ImproperlyConfigured, ImportError):
        return None
    found = getattr(view, "cls", None)
    return found if isinstance(found, type) and hasattr(found, "get_extra_actions") else None


def likely_path(model: type[Model]) -> str:
    """Return the path of the model's viewset, or the path that DRF's conventions suggest."""
    try:
        return reverse(f"{model._meta.model_name}-list")
    except (NoReverseMatch, ImproperlyConfigured, ImportError):
        return f"/{slugify(str(model._meta.verbose_name_plural)) or model._meta.model_name}/"


def is_declared(resource: str, action_id: str) -> bool:
    """Return whether the project declares such an action anywhere."""
    return any((entry.resource, entry.name) == (resource, action_id) for entry in registry)


def _own_key(model: type[Model]) -> Any:
    """Return the primary key's field: that of the first parent, as serializers do."""
    key = model._meta.pk
    while isinstance(key, models.OneToOneField) and key.remote_field.parent_link:
        key = key.target_field
    return key


def _shows(serializer: Any, name: str) -> bool:
    """Return whether responses contain a model field unchanged, by the serializer's declaration."""
    fields = getattr(getattr(serializer, "Meta", None), "fields", ())
    if name in getattr(serializer, "_declared_fields", {}):
        return False
    if fields == ALL_FIELDS:
        return name != "pk" and not issubclass(serializer, HyperlinkedModelSerializer)
    return name in fields
